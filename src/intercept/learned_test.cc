#include "intercept/learned.h"

#include <gtest/gtest.h>

namespace weir::intercept {
namespace {

using http::Aside;
using Sureness = Learned::Sureness;

struct Learning : testing::Test {
  Learned learned;
  const Party browser{"10.0.0.1", "site.example", 1};
  const Party app{"10.0.0.1", "site.example", 2};
  static Party at(Party party, std::string_view host) {
    party.host = host;
    return party;
  }
};

TEST_F(Learning, NothingSpeaksAgainstOpeningAtFirst) {
  EXPECT_EQ(learned.reason(browser, 0), Aside::none);
  EXPECT_TRUE(learned.findings(0, 10).empty());
}

TEST_F(Learning, ARejectionIsOneProgramsForOneHost) {
  learned.rejected(app, Sureness::sure, 48, 0);
  EXPECT_EQ(learned.reason(app, 1), Aside::rejected);
  EXPECT_EQ(learned.reason(browser, 1), Aside::none);
  EXPECT_EQ(learned.reason(at(app, "other.example"), 1), Aside::none);
  const auto found = learned.findings(5, 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].client, "10.0.0.1");
  EXPECT_EQ(found[0].host, "site.example");
  EXPECT_EQ(found[0].alert, 48);
  EXPECT_EQ(found[0].age_ms, 5u);
}

TEST_F(Learning, ASilentEndIsEnoughFromAProgramThatHasAcceptedNothing) {
  learned.rejected(app, Sureness::likely, 0, 0);
  EXPECT_EQ(learned.reason(app, 1), Aside::rejected);
}

TEST_F(Learning, AProgramThatTrustsTheAuthorityMayEndConnections) {
  learned.accepted(at(browser, "other.example"), 0);
  learned.rejected(browser, Sureness::likely, 0, 1);
  learned.rejected(browser, Sureness::likely, 0, 2);
  EXPECT_EQ(learned.reason(browser, 3), Aside::none);
  learned.rejected(browser, Sureness::likely, 0, 3);
  EXPECT_EQ(learned.reason(browser, 4), Aside::rejected);
}

TEST_F(Learning, ASuccessClearsTheHost) {
  learned.accepted(browser, 0);
  learned.rejected(browser, Sureness::likely, 0, 1);
  learned.rejected(browser, Sureness::likely, 0, 2);
  learned.accepted(browser, 3);
  learned.rejected(browser, Sureness::likely, 0, 4);
  EXPECT_EQ(learned.reason(browser, 5), Aside::none);
}

TEST_F(Learning, AProgramWithoutTheAuthorityIsNotMadeToFailHostByHost) {
  std::vector<std::string> hosts;
  for (size_t i = 0; i < Learned::kHostsWithoutAuthority; ++i)
    hosts.push_back(std::to_string(i) + ".example");
  for (const std::string& host : hosts) {
    EXPECT_EQ(learned.reason(at(app, "new.example"), 1), Aside::none);
    learned.rejected(at(app, host), Sureness::sure, 48, 0);
    learned.rejected(at(app, host), Sureness::sure, 48, 0);  // Twice is one host.
  }
  EXPECT_EQ(learned.reason(at(app, "new.example"), 1), Aside::no_authority);
  EXPECT_EQ(learned.reason(browser, 1), Aside::none);
  const auto found = learned.findings(1, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].aside, Aside::no_authority);
  EXPECT_TRUE(found[0].host.empty());

  // Then somebody installs it: what was refused before is asked again.
  learned.accepted(at(app, "weir.internal"), 2);
  EXPECT_EQ(learned.reason(at(app, "new.example"), 3), Aside::none);
  EXPECT_EQ(learned.reason(at(app, hosts[0]), 3), Aside::none);
}

TEST_F(Learning, HostsAreKnownWhoeverAsks) {
  learned.host_is("bank.example", "", Aside::client_certificate, "10.0.0.9", 0);
  EXPECT_EQ(learned.reason(at(browser, "bank.example"), 1), Aside::client_certificate);
  EXPECT_EQ(learned.reason(at(app, "bank.example"), Learned::kLifeMs), Aside::none);
}

TEST_F(Learning, AHostAtOnePlaceIsNotTheHostAtAnother) {
  const Party at_its_own{"10.0.0.1", "bank.example", 1, "bank.example:443"};
  learned.host_is("bank.example", "6.6.6.6:443", Aside::client_certificate, "10.6.6.6", 0);
  EXPECT_EQ(learned.reason(at_its_own, 1), Aside::none);
  Party elsewhere = at_its_own;
  elsewhere.place = "6.6.6.6:443";
  EXPECT_EQ(learned.reason(elsewhere, 1), Aside::client_certificate);
}

TEST_F(Learning, WhatAProgramSaysConcernsItAlone) {
  learned.accepted(app, 0);
  learned.speaks_otherwise(app, 0);
  EXPECT_EQ(learned.reason(app, 1), Aside::not_http);
  EXPECT_EQ(learned.reason(browser, 1), Aside::none);
}

TEST_F(Learning, TrustIsAClients) {
  EXPECT_FALSE(learned.trusts("10.0.0.1", 0));
  learned.accepted(browser, 0);
  EXPECT_TRUE(learned.trusts("10.0.0.1", 1));
  EXPECT_FALSE(learned.trusts("10.0.0.2", 1));
  EXPECT_FALSE(learned.trusts("10.0.0.1", Learned::kLifeMs));
}

TEST_F(Learning, EverythingIsForgottenAfterADay) {
  learned.rejected(app, Sureness::sure, 48, 0);
  EXPECT_EQ(learned.reason(app, Learned::kLifeMs - 1), Aside::rejected);
  EXPECT_EQ(learned.reason(app, Learned::kLifeMs), Aside::none);
}

TEST_F(Learning, AnotherAuthorityIsAnotherQuestion) {
  learned.rejected(app, Sureness::sure, 48, 0);
  learned.accepted(browser, 0);
  learned.host_is("bank.example", "", Aside::client_certificate, "10.0.0.9", 0);
  learned.forget_clients();
  EXPECT_EQ(learned.reason(app, 1), Aside::none);
  EXPECT_FALSE(learned.trusts("10.0.0.1", 1));
  EXPECT_EQ(learned.reason(at(app, "bank.example"), 1), Aside::client_certificate);
}

TEST_F(Learning, RefusalsAreForgottenWhereClientsMayHaveChanged) {
  for (const char* host : {"a", "b", "c", "d", "e", "f"})
    learned.rejected(at(app, host), Sureness::sure, 48, 0);
  learned.accepted(browser, 0);
  learned.rejected(at(browser, "a"), Sureness::sure, 48, 0);
  learned.host_is("bank.example", "", Aside::client_certificate, "10.0.0.9", 0);
  learned.forget_refusals();
  EXPECT_EQ(learned.reason(at(app, "a"), 1), Aside::none);
  EXPECT_EQ(learned.reason(at(app, "g"), 1), Aside::none);
  EXPECT_EQ(learned.reason(at(browser, "a"), 1), Aside::none);
  EXPECT_TRUE(learned.has_accepted(browser, 1));
  EXPECT_FALSE(learned.has_accepted(app, 1));
  EXPECT_EQ(learned.reason(at(app, "bank.example"), 1), Aside::client_certificate);
}

TEST_F(Learning, OneClientPushesOutItsOwnAlone) {
  learned.rejected(browser, Sureness::sure, 46, 0);
  for (size_t i = 0; i < 3 * Learned::kMost; ++i) {
    const std::string host = std::to_string(i) + ".example";
    learned.rejected({"10.6.6.6", host, i}, Sureness::sure, 48, 1);
    learned.host_is(host, "", Aside::no_protocol, "10.6.6.6", 1);
  }
  EXPECT_EQ(learned.reason(browser, 2), Aside::rejected);
  EXPECT_LE(learned.findings(2, SIZE_MAX).size(), 2 * Learned::kMostOfClient + 1);
}

TEST_F(Learning, ManyClientsStayWithinTheTable) {
  for (size_t i = 0; i < Learned::kMost + 100; ++i)
    learned.rejected({std::to_string(i), "a.example", 1}, Sureness::sure, 48, 1);
  EXPECT_EQ(learned.findings(2, SIZE_MAX).size(), Learned::kMost);
}

}  // namespace
}  // namespace weir::intercept
