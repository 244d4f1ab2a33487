#include "policy/opening_plan.h"

#include <gtest/gtest.h>

#include "base/ip.h"

namespace weir::policy {
namespace {

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}

std::string said(const OpeningPlan& plan, std::string_view host) {
  const bool literal = base::IpAddress::parse(host).has_value();
  if (const std::string_view why = plan.bypassed(host, literal); !why.empty())
    return "never " + std::string(why);
  const OpeningPlan::Said said = plan.of(host, literal);
  return (said.open ? "open " : "leave ") + std::string(said.why);
}

TEST(OpeningPlan, WhatEachModeOpens) {
  const struct {
    OpeningMode mode;
    const char *host, *said;
  } cases[] = {
      {OpeningMode::off, "a.test", "leave "},
      {OpeningMode::off, "signal.org", "leave "},
      {OpeningMode::only, "a.test", "open intercept.hosts"},
      {OpeningMode::only, "www.a.test", "open intercept.hosts"},
      {OpeningMode::only, "b.test", "leave "},
      {OpeningMode::only, "nas.local", "open intercept.hosts"},
      {OpeningMode::only, "10.0.0.9", "open intercept.hosts"},
      {OpeningMode::only, "chat.signal.org", "never bypass:pinned"},
      {OpeningMode::only, "www.bank.test", "never intercept.bypass"},
      {OpeningMode::all_but, "a.test", "leave intercept.hosts"},
      {OpeningMode::all_but, "b.test", "open intercept.mode"},
      {OpeningMode::all_but, "192.0.1.1", "open intercept.mode"},
      {OpeningMode::all_but, "printer.local", "leave own network"},
      {OpeningMode::all_but, "10.0.0.8", "leave own network"},
      {OpeningMode::all_but, "windowsupdate.com", "never bypass:platform"},
      {OpeningMode::all_but, "notsignal.org", "open intercept.mode"},
  };
  for (const auto& c : cases) {
    OpeningConfig config;
    config.mode = c.mode;
    config.hosts = {site("a.test"), site("nas.local"), site("10.0.0.9"), site("signal.org"),
                    site("bank.test")};
    config.bypass = {site("bank.test")};
    EXPECT_EQ(said(OpeningPlan(config), c.host), c.said) << c.host;
  }
}

TEST(OpeningPlan, TheOwnerChoosesTheKinds) {
  OpeningConfig config;
  config.mode = OpeningMode::all_but;
  config.bypass_kinds = {"platform"};
  EXPECT_EQ(said(OpeningPlan(config), "signal.org"), "open intercept.mode");
  EXPECT_EQ(said(OpeningPlan(config), "mesu.apple.com"), "never bypass:platform");
}

TEST(OpeningPlan, NetworksOfTheOwner) {
  for (const char* host : {"nas", "localhost", "x.localhost", "printer.local", "db.internal",
                           "home.arpa", "router.home.arpa", "nas.lan"})
    EXPECT_TRUE(is_own_network(host, false)) << host;
  for (const char* host : {"a.test", "local.test", "notlocal.org", "arpa.home"})
    EXPECT_FALSE(is_own_network(host, false)) << host;
  for (const char* host : {"127.0.0.1", "192.168.1.1", "169.254.0.1", "::1", "fd00::1"})
    EXPECT_TRUE(is_own_network(host, true)) << host;
  for (const char* host : {"9.9.9.9", "2620:fe::fe"}) EXPECT_FALSE(is_own_network(host, true));
}

TEST(OpeningPlan, WithoutWordsNothingHasToBeAsked) {
  EXPECT_TRUE(OpeningPlan().silent());
  EXPECT_TRUE(OpeningPlan(OpeningConfig()).silent());
  EXPECT_FALSE(OpeningPlan({.sni = SniCheck::match}).silent());
  EXPECT_FALSE(OpeningPlan({.mode = OpeningMode::only}).silent());
}

}  // namespace
}  // namespace weir::policy
