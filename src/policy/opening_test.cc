#include "policy/opening.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"
#include "policy/decide.h"

namespace weir::policy {
namespace {

/// Has `bank.test`.
struct Banks final : Lists {
  FactSet needs(uint32_t) const override { return {}; }
  Holds has(uint32_t, const Facts& facts, ListHit&) const override {
    return holds(facts.host == "bank.test");
  }
  std::string place_of(const ListHit&) const override { return "banks:1"; }
};

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}
match::UrlPattern url(const char* text) {
  return *match::UrlPattern::parse(text);
}

RuleConfig rule(const char* name, Action action, std::vector<const char*> hosts = {}) {
  RuleConfig made;
  made.name = name;
  made.action = action;
  for (const char* host : hosts) made.what.hosts.push_back(site(host));
  return made;
}
RuleConfig by_method(RuleConfig made) {
  made.what.methods = {"GET"};
  return made;
}
RuleConfig by_url(RuleConfig made, const char* text) {
  made.what.urls = {url(text)};
  return made;
}
RuleConfig audited(RuleConfig made) {
  made.audit = true;
  return made;
}

OpeningConfig opening(OpeningMode mode, std::vector<const char*> hosts = {}) {
  OpeningConfig made;
  made.mode = mode;
  for (const char* host : hosts) made.hosts.push_back(site(host));
  return made;
}

RuleSet rule_set(const OpeningConfig& opening, const std::vector<RuleConfig>& rules = {},
                 bool allow_by_default = true) {
  Directory directory({}, {{"lan", {}}});
  Compiled compiled =
      compile(rules, std::vector<std::string>(rules.size()), directory, {{"banks", "finance"}});
  compiled.table.allow_by_default = allow_by_default;
  compiled.opening = OpeningPlan(opening);
  RuleSet set;
  set.listeners.push_back(std::make_shared<const ListenerRules>(
      Config{}, true, std::vector<uint16_t>(), OwnAddresses()));
  set.house = set.listeners[0];
  set.book =
      make_rulebook(std::move(compiled), std::move(directory), std::make_shared<const Banks>(), {});
  return set;
}

Question connect(std::string_view host) {
  return {.host = host,
          .port = 443,
          .literal = base::IpAddress::parse(host).has_value(),
          .connect = true};
}

/// Does nothing by itself.
struct Passes final : http::Stage {
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override {
    return next(request);
  }
};

/// `open why`, with what else it says; `denied`.
std::string said(const RuleSet& rules, std::string_view host, std::string_view name,
                 bool encrypted = false) {
  const Decided decided = decide(rules, connect(host));
  if (!decided.decision) return "denied";
  const http::Opening opening = (*decided.decision)->opening(name, encrypted);
  std::string text = opening.open ? "open" : "leave";
  if (!opening.why.empty()) text += " " + std::string(opening.why.view());
  if (opening.needed) text += ", needed";
  if (opening.match_name) text += ", match";
  if (!opening.step_aside) text += ", deny";
  if (opening.relay_bad_origin) text += ", bad origin";
  return text;
}
std::string said(const RuleSet& rules, std::string_view host) {
  return said(rules, host, base::IpAddress::parse(host) ? std::string_view() : host);
}

const OpeningConfig kAllBut = opening(OpeningMode::all_but, {"left.test"});
const OpeningConfig kOnly = opening(OpeningMode::only, {"a.test"});

TEST(Opening, WithoutRulesAndOffNothingIsAsked) {
  const RuleSet rules = rule_set({});
  EXPECT_EQ(rules.book, nullptr);
  EXPECT_EQ(said(rules, "a.test"), "leave");
  EXPECT_EQ(said(rules, "a.test", "b.test"), "leave");
}

TEST(Opening, ModeHostsBypassAndRules) {
  const std::vector<RuleConfig> words{
      rule("mine", Action::open, {"b.test", "signal.org", "nas.local"}),
      rule("theirs", Action::tunnel, {"a.test", "b.test"})};
  const struct {
    OpeningConfig config;
    std::vector<RuleConfig> rules;
    const char *host, *said;
  } cases[] = {
      {kOnly, {}, "a.test", "open intercept.hosts, match"},
      {kOnly, {}, "b.test", "leave"},
      {kOnly, words, "b.test", "open mine, match"},
      {kOnly, words, "a.test", "leave theirs"},
      {kOnly, words, "c.test", "leave"},
      {kOnly, words, "signal.org", "leave bypass:pinned"},
      {kAllBut, {}, "a.test", "open intercept.mode, match"},
      {kAllBut, {}, "left.test", "leave intercept.hosts"},
      {kAllBut, {}, "nas.local", "leave own network"},
      {kAllBut, words, "nas.local", "open mine, match"},
      {kAllBut, words, "b.test", "open mine, match"},
      {kAllBut, words, "a.test", "leave theirs"},
      {kAllBut, words, "update.microsoft.com", "leave bypass:platform"},
      {kAllBut,
       {rule("left too", Action::open, {"left.test"})},
       "left.test",
       "open left too, match"},
      {{}, words, "b.test", "leave"},
      {kOnly, {audited(rule("soon", Action::open))}, "b.test", "leave"},
  };
  for (const auto& c : cases) EXPECT_EQ(said(rule_set(c.config, c.rules), c.host), c.said);
}

TEST(Opening, ListsAreAskedToo) {
  RuleConfig banks = rule("banks", Action::tunnel);
  banks.what.lists = {"banks"};
  const RuleSet rules = rule_set(kAllBut, {banks});
  EXPECT_EQ(said(rules, "bank.test"), "leave banks");
  EXPECT_EQ(said(rules, "a.test"), "open intercept.mode, match");
}

TEST(Opening, TheNameDecidesAndBothCanForbid) {
  const RuleSet rules = rule_set(opening(OpeningMode::only, {"a.test", "10.0.0.9"}),
                                 {rule("theirs", Action::tunnel, {"closed.test", "10.0.0.1"})});
  const struct {
    const char *host, *name;
    bool encrypted;
    const char* said;
  } cases[] = {
      {"b.test", "a.test", false, "open intercept.hosts, match"},
      {"a.test", "b.test", false, "leave"},
      {"a.test", "", false, "open intercept.hosts"},
      {"a.test", "front.test", true, "open intercept.hosts"},
      {"b.test", "a.test", true, "leave"},
      {"a.test", "a.test", true, "open intercept.hosts"},
      {"a.test", "closed.test", false, "leave theirs"},
      {"a.test", "closed.test", true, "leave theirs"},
      {"closed.test", "a.test", false, "leave theirs"},
      {"a.test", "signal.org", true, "leave bypass:pinned"},
      {"signal.org", "a.test", false, "leave bypass:pinned"},
      {"9.9.9.9", "a.test", false, "open intercept.hosts"},
      {"9.9.9.9", "", false, "leave"},
      {"10.0.0.9", "", false, "open intercept.hosts"},
      {"10.0.0.1", "a.test", false, "leave theirs"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(said(rules, c.host, c.name, c.encrypted), c.said) << c.host << ' ' << c.name;
}

TEST(Opening, WhereTheNameHasToMatch) {
  const std::vector<RuleConfig> by_host{rule("allowed", Action::allow, {"a.test", "9.9.9.9"}),
                                        rule("rest", Action::allow)};
  OpeningConfig match, log = kOnly;
  match.sni = SniCheck::match;
  log.sni = SniCheck::log;
  EXPECT_EQ(said(rule_set({}, by_host), "a.test", "b.test"), "leave, match");
  EXPECT_EQ(said(rule_set({}, by_host), "a.test", "b.test", true), "leave");
  EXPECT_EQ(said(rule_set({}, by_host), "a.test", ""), "leave");
  EXPECT_EQ(said(rule_set({}, by_host), "9.9.9.9", "b.test"), "leave");
  EXPECT_EQ(said(rule_set({}, by_host), "c.test", "b.test"), "leave") << "by no host";
  EXPECT_EQ(said(rule_set(kOnly, by_host), "a.test", "c.test"), "leave, match");
  EXPECT_EQ(said(rule_set(match), "a.test", "b.test"), "leave, match");
  EXPECT_EQ(said(rule_set(log, by_host), "a.test", "a.test"), "open intercept.hosts");
}

TEST(Opening, AnAllowByWhatIsInsideNeedsIt) {
  const std::vector<RuleConfig> rules{by_method(rule("read", Action::allow, {"a.test", "b.test"})),
                                      rule("plain", Action::allow, {"c.test"})};
  const RuleSet only = rule_set(kOnly, rules, false);
  EXPECT_EQ(said(only, "a.test"), "open intercept.hosts, needed, match, deny");
  EXPECT_EQ(said(only, "b.test"), "denied") << "which is not opened";
  EXPECT_EQ(said(only, "c.test"), "leave, match");
  EXPECT_EQ(said(rule_set({}, rules, false), "a.test"), "denied");
  EXPECT_EQ(said(rule_set(kOnly, rules), "a.test"), "open intercept.hosts, match")
      << "allowed anyway";

  const auto decision = *decide(only, connect("a.test")).decision;
  EXPECT_TRUE(
      decision->check_address(base::AddressSource::dns, base::IpAddress::v4(9, 9, 9, 9), 443));
  EXPECT_TRUE(decision->asks_server_names());
}

TEST(Opening, ADenialOfSomeOfAHostNeedsTheInsideWhereItIsOpened) {
  RuleConfig guard = by_method(rule("guard", Action::deny));
  guard.guard = true;
  const struct {
    RuleConfig rule;
    const char *host, *said;
  } cases[] = {
      {by_url(rule("part", Action::deny), "https://a.test/x/*"), "a.test",
       "open intercept.hosts, needed, match, deny"},
      {by_url(rule("part", Action::deny), "https://a.test/x/*"), "b.test", "leave"},
      {by_url(rule("part", Action::deny), "http://a.test/x/*"), "a.test",
       "open intercept.hosts, match"},
      {by_method(rule("part", Action::deny, {"a.test"})), "a.test",
       "open intercept.hosts, needed, match, deny"},
      {by_method(rule("everywhere", Action::deny)), "a.test", "open intercept.hosts, match"},
      {by_method(rule("everywhere", Action::deny, {"*"})), "a.test", "open intercept.hosts, match"},
      {audited(by_method(rule("soon", Action::deny, {"a.test"}))), "a.test",
       "open intercept.hosts, match"},
      {guard, "a.test", "open intercept.hosts, needed, match, deny"},
      {guard, "b.test", "leave"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(said(rule_set(kOnly, {c.rule}), c.host), c.said) << c.rule.name << ' ' << c.host;
}

TEST(Opening, ARuleMaySayWhatARejectionDoes) {
  RuleConfig strict = rule("strict", Action::open, {"b.test"});
  strict.on_reject = OnReject::deny;
  OpeningConfig config = kOnly;
  EXPECT_EQ(said(rule_set(config, {strict}), "b.test"), "open strict, match, deny");
  EXPECT_EQ(said(rule_set(config, {strict}), "a.test"), "open intercept.hosts, match");
  config.on_reject = OnReject::deny;
  strict.on_reject = OnReject::tunnel;
  EXPECT_EQ(said(rule_set(config, {strict}), "b.test"), "open strict, match");
  EXPECT_EQ(said(rule_set(config, {strict}), "a.test"), "open intercept.hosts, match, deny");
}

TEST(Opening, HostsWhoseCertificateTheClientJudges) {
  OpeningConfig config = kOnly;
  config.bad_origin_tunnel = {site("a.test")};
  EXPECT_EQ(said(rule_set(config), "a.test"), "open intercept.hosts, match, bad origin");
  const std::vector<RuleConfig> needed{by_method(rule("read", Action::allow, {"a.test"}))};
  EXPECT_EQ(said(rule_set(config, needed, false), "a.test"),
            "open intercept.hosts, needed, match, deny");
}

TEST(Opening, WhatIsLetPassForTheInsideIsNotLetPassWithoutIt) {
  const RuleSet rules =
      rule_set(opening(OpeningMode::only, {"a.test", "front.test"}),
               {rule("open b", Action::allow, {"b.test", "front.test", "signal.org"}),
                by_method(rule("read", Action::allow, {"a.test"}))},
               false);
  const auto decision = *decide(rules, connect("a.test")).decision;
  EXPECT_TRUE(decision->opening("b.test", false).needed) << "allowed by itself, and not opened";
  EXPECT_FALSE(decision->opening("b.test", false).open);
  EXPECT_FALSE(decision->opening("signal.org", true).open);
  EXPECT_TRUE(decision->opening("front.test", true).open);

  http::FakeStages fake;
  std::string passed;
  fake.next = [&](http::Request& request) -> base::Result<http::Response> {
    for (const char* name : {"a.test", "", "front.test", "b.test", "signal.org", "other.test"}) {
      if (decision->check_server_name(name, *request.exchange)) passed += std::string(name) + ',';
    }
    return http::text_response(200, "text/plain", "");
  };
  fake.run(Passes(), "CONNECT", "a.test:443", {{"Host", "a.test"}});
  EXPECT_EQ(passed, "a.test,,front.test,b.test,")
      << "b.test passes as what encryption may hide behind; opening() then says that it is needed";
}

TEST(Opening, InsideEachRequestIsDecided) {
  const RuleSet rules =
      rule_set(kOnly, {by_method(rule("read", Action::allow, {"a.test"}))}, false);
  Question inside{.host = "a.test", .port = 443};
  inside.request.https = true;
  inside.request.path = "/";
  inside.request.method = "GET";
  inside.asks = true;
  EXPECT_TRUE(decide(rules, inside).decision);
  inside.request.method = "POST";
  EXPECT_FALSE(decide(rules, inside).decision);
}

TEST(Opening, AskedAgainItIsDecidedAlike) {
  const std::vector<RuleConfig> read{by_method(rule("read", Action::allow, {"a.test"}))};
  const auto decision = *decide(rule_set(kOnly, read, false), connect("a.test")).decision;
  const RuleSet later = rule_set(kOnly, read, false), off = rule_set({}, read, false);
  const auto again = decide(later, decision->question()).decision;
  ASSERT_TRUE(again);
  EXPECT_GT((*again)->generation(), decision->generation());
  EXPECT_TRUE(
      (*again)->check_address(base::AddressSource::dns, base::IpAddress::v4(9, 9, 9, 9), 443));
  EXPECT_FALSE(decide(off, decision->question()).decision);
}

TEST(Opening, OnlyConnectsAreOpened) {
  const RuleSet rules = rule_set(kAllBut);
  const auto plain = *decide(rules, {.host = "a.test", .port = 443}).decision;
  EXPECT_FALSE(plain->opening("a.test", false).open);
  Question own = connect("a.test");
  own.own = true;
  EXPECT_FALSE((*decide(rules, own).decision)->opening("a.test", false).open);
}

}  // namespace
}  // namespace weir::policy
