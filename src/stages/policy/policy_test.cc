#include "stages/policy/policy.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::policy {
namespace {

using base::AddressSource;
using base::ErrorType;
using base::IpAddress;

const base::Endpoint kListening{IpAddress::v4(127, 0, 0, 1), 9876};

Policy make_policy(Notes notes = Notes::none) {
  const std::vector<uint16_t> blocked{25, 9876};
  RuleSet rules;
  for (const bool reachable : {false, true}) {
    rules.listeners.push_back(std::make_shared<const ListenerRules>(
        Config{}, reachable, blocked, OwnAddresses({kListening}, {})));
  }
  return Policy(std::make_shared<const RuleSet>(std::move(rules)),
                std::make_shared<const http::OwnNames>("weir.internal", std::vector{kListening}),
                notes);
}

TEST(Policy, PortsAreRefusedBeforeAnythingIsLookedUp) {
  const Policy stage = make_policy();
  const struct {
    const char *method, *target;
    int status;
  } cases[] = {
      {"GET", "http://site/", 200},
      {"GET", "http://site:25/", 403},
      {"CONNECT", "site:443", 200},
      {"CONNECT", "site:25", 403},
      // Weir itself, whatever its port.
      {"GET", "http://127.0.0.1:9876/", 200},
      {"GET", "http://localhost:9876/", 200},
      {"GET", "http://weir.internal/", 200},
      {"GET", "http://weir.internal:9876/", 200},
      // The rules apply to a CONNECT to Weir's address like to any other.
      {"CONNECT", "127.0.0.1:9876", 403},
      {"CONNECT", "weir.internal:80", 200},
      // Another host on that port is not Weir.
      {"GET", "http://site:9876/", 403},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    const http::Outcome outcome = fake.run(stage, c.method, c.target, {{"Host", "x"}});
    EXPECT_EQ(outcome.status(), c.status) << c.method << " " << c.target;
    EXPECT_EQ(fake.calls, c.status == 200 ? 1 : 0) << c.target;
  }
}

TEST(Policy, NotesForTheLogWhatARequestIsFor) {
  const struct {
    const char *method, *target;
    std::vector<std::pair<std::string, std::string>> fields;
    const char *type, *page;
  } cases[] = {
      {"GET",
       "http://site/a",
       {{"Sec-Fetch-Dest", "script"}, {"Referer", "http://news.test/x"}},
       "script",
       "news.test"},
      {"GET",
       "http://site/",
       {{"Accept", "text/html"}, {"Upgrade-Insecure-Requests", "1"}},
       "document|frame",
       "site"},
      {"GET", "http://site:25/a.png", {}, "image", ""},
      {"GET", "http://site/", {}, "", ""},
      {"CONNECT", "site:443", {}, "", ""},
  };
  for (const Notes notes : {Notes::none, Notes::purpose}) {
    const Policy stage = make_policy(notes);
    for (const auto& c : cases) {
      http::FakeStages fake;
      auto fields = c.fields;
      fields.emplace_back("Host", "site");
      http::Request request = fake.request(http::fake_head(c.method, c.target, fields));
      (void)fake.run(stage, request);
      const bool there = notes == Notes::purpose;
      EXPECT_EQ(request.exchange->known().type, there ? c.type : "") << c.target;
      EXPECT_EQ(request.exchange->known().page, there ? c.page : "") << c.target;
    }
  }
}

TEST(Policy, TheDecisionKeepsTheListenersRules) {
  struct Case {
    uint32_t listener;
    const char *host, *address;
    AddressSource source;
    bool open;
  };
  for (const Case& c : {Case{0, "site", "93.184.216.34", AddressSource::dns, true},
                        Case{0, "site", "10.0.0.1", AddressSource::dns, true},
                        Case{0, "site", "127.0.0.1", AddressSource::dns, false},
                        Case{0, "site", "127.0.0.1", AddressSource::hosts_file, true},
                        Case{1, "site", "93.184.216.34", AddressSource::dns, true},
                        Case{1, "site", "10.0.0.1", AddressSource::dns, false},
                        Case{1, "127.0.0.1", "127.0.0.1", AddressSource::literal, false}}) {
    http::FakeStages fake;
    fake.session->listener = c.listener;
    base::Ref<const http::Decision> decision;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      decision = request.decision;
      return http::Response{.head = http::ResponseHead::make(200)};
    };
    {
      const Policy stage = make_policy();
      EXPECT_EQ(fake.run(stage, "GET", std::string("http://") + c.host + "/").status(), 200);
    }
    ASSERT_TRUE(decision);
    const auto checked = decision->check_address(c.source, *IpAddress::parse(c.address),
                                                 80);  // Its configuration is destroyed.
    EXPECT_EQ(checked.has_value(), c.open) << c.listener << " " << c.host << " " << c.address;
    if (!checked) EXPECT_EQ(checked.error().type(), ErrorType::destination_ip_prohibited);
  }
}

TEST(Policy, ARequestGetsNoOtherHostsAndNoOtherListenersDecision) {
  const Policy stage = make_policy();
  http::FakeStages fake;
  std::vector<base::Ref<const http::Decision>> decisions;
  fake.next = [&](http::Request& request) -> base::Result<http::Response> {
    decisions.push_back(request.decision);
    return http::Response{.head = http::ResponseHead::make(200)};
  };
  const auto ask = [&](uint32_t listener, std::string host) {
    fake.session->listener = listener;
    EXPECT_EQ(fake.run(stage, "GET", "http://" + host + "/").status(), 200);
    return decisions.back();
  };
  const auto open = [](const base::Ref<const http::Decision>& decision) {
    return decision->check_address(AddressSource::dns, *IpAddress::parse("10.0.0.1"), 80)
        .has_value();
  };
  const auto first = ask(0, "site");
  EXPECT_EQ(ask(0, "site").get(), first.get());
  EXPECT_NE(ask(0, "other").get(), first.get());
  EXPECT_NE(ask(0, "site").get(), ask(0, "sit").get());
  EXPECT_TRUE(open(ask(0, "site")));
  EXPECT_FALSE(open(ask(1, "site")));
  EXPECT_TRUE(open(ask(0, "site")));
}

TEST(Policy, EachRequestIsDecidedByItsOwnUser) {
  const Policy stage = make_policy();
  http::FakeStages fake;
  std::vector<base::Ref<const http::Decision>> decisions;
  fake.next = [&](http::Request& request) -> base::Result<http::Response> {
    decisions.push_back(request.decision);
    return http::Response{.head = http::ResponseHead::make(200)};
  };
  // Of one connection: without a login to an exempt host, then logged in.
  for (const char* user : {"", "ada", "", "bob", "ada"}) {
    fake.user = user;
    EXPECT_EQ(fake.run(stage, "GET", "http://site/").status(), 200);
    EXPECT_EQ(static_cast<const Decision&>(*decisions.back()).question().identity, user);
  }
  EXPECT_NE(decisions[0].get(), decisions[1].get());
  EXPECT_NE(decisions[3].get(), decisions[4].get());
}

}  // namespace
}  // namespace weir::policy
