#include "policy/lint.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <random>

#include "policy/compile.h"
#include "policy/opening_lint.h"
#include "policy/rule_sets.h"

namespace weir::policy {
namespace {

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}
match::UrlPattern url(const char* text) {
  return *match::UrlPattern::parse(text);
}

RuleConfig rule(Action action, const std::function<void(RuleConfig&)>& change = {}) {
  RuleConfig rule;
  rule.name = "r";
  rule.place = "f:1";
  rule.action = action;
  if (change) change(rule);
  return rule;
}

std::string said(const std::vector<RuleConfig>& rules, bool default_written = true) {
  std::string text;
  for (const Remark& each : remarks_on(rules, default_written))
    text +=
        std::to_string(each.rule) + each.text.substr(std::string_view("rule \"r\"").size()) + '\n';
  return text;
}

TEST(Lint, HostsThatOthersHave) {
  const struct {
    std::vector<const char*> outer;
    const char* inner;
    bool covered;
  } cases[] = {
      {{"*"}, "a.test", true},
      {{"*"}, "*", true},
      {{"a.test"}, "*", false},
      {{"a.test"}, "a.test", true},
      {{"a.test"}, "=a.test", true},
      {{"a.test"}, "*.a.test", true},
      {{"a.test"}, "www.a.test", true},
      {{"a.test"}, "ba.test", false},
      {{"=a.test"}, "a.test", false},
      {{"*.a.test"}, "a.test", false},
      {{"=a.test", "*.a.test"}, "a.test", true},
      {{"*.a.test"}, "=www.a.test", true},
      {{"=a.test"}, "www.a.test", false},
      {{"192.0.2.1"}, "192.0.2.1", true},
      {{"192.0.2.1"}, "192.0.2.2", false},
  };
  for (const auto& c : cases) {
    std::vector<match::SitePattern> outer;
    for (const char* each : c.outer) outer.push_back(site(each));
    EXPECT_EQ(covers(outer, site(c.inner)), c.covered) << c.outer[0] << ' ' << c.inner;
  }
}

TEST(Lint, HostsThatUrlsHave) {
  const struct {
    const char *site, *url;
    bool meet;
  } cases[] = {
      {"*", "http://a.test/", true},
      {"a.test", "http://*/", true},
      {"a.test", "http://a.test/", true},
      {"a.test", "http://www.a.test/", true},
      {"=a.test", "http://www.a.test/", false},
      {"*.a.test", "http://a.test/", false},
      {"=a.test", "http://*.a.test/", false},
      {"a.test", "http://*.a.test/", true},
      {"www.a.test", "http://*.a.test/", true},
      {"=www.a.test", "http://*.a.test/", true},
      {"a.test", "http://*.b.a.test/", true},
      {"b.test", "http://*.a.test/", false},
      {"b.test", "http://a.test/", false},
      {"192.0.2.1", "http://192.0.2.1/", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(meet(site(c.site), url(c.url)), c.meet) << c.site << ' ' << c.url;
}

TEST(Lint, ARuleThatAnotherLeavesNothing) {
  const auto hosts = [](const char* name) {
    return [=](RuleConfig& rule) { rule.what.hosts = {site(name)}; };
  };
  const std::string shadowed =
      "1 never decides: rule \"r\" (f:1) is asked before it, and has all that it has\n";
  EXPECT_EQ(said({rule(Action::deny), rule(Action::allow)}), shadowed);
  EXPECT_EQ(said({rule(Action::deny, hosts("a.test")), rule(Action::allow, hosts("www.a.test"))}),
            shadowed);
  EXPECT_EQ(said({rule(Action::deny, hosts("www.a.test")), rule(Action::allow, hosts("a.test"))}),
            "");
  EXPECT_EQ(said({rule(Action::deny, hosts("a.test")), rule(Action::allow)}), "");
  const auto with = [&](const std::function<void(RuleConfig&)>& outer,
                        const std::function<void(RuleConfig&)>& inner) {
    return said({rule(Action::deny, outer), rule(Action::allow, inner)}) == shadowed;
  };
  const auto ports = [](std::vector<uint16_t> ports) {
    return [=](RuleConfig& rule) { rule.what.ports = ports; };
  };
  EXPECT_TRUE(with(ports({80, 443}), ports({443})));
  EXPECT_FALSE(with(ports({80}), ports({443})));
  EXPECT_FALSE(with(ports({80}), {}));
  const auto groups = [](std::vector<std::string> groups) {
    return [=](RuleConfig& rule) { rule.groups = groups; };
  };
  EXPECT_TRUE(with(groups({"kids", "guests"}), groups({"kids"})));
  EXPECT_FALSE(with(groups({"kids"}), groups({"kids", "guests"})));
  EXPECT_FALSE(with(groups({"kids"}), {}));
  EXPECT_TRUE(with({}, groups({"kids"})));
  EXPECT_FALSE(with(groups({"kids"}), [](RuleConfig& rule) { rule.users = {"kids"}; }));
  const auto hours = [](const char* from, const char* to) {
    return [=](RuleConfig& rule) { rule.when.add(*Hours::parse("", from, to)); };
  };
  EXPECT_TRUE(with(hours("20:00", "07:00"), hours("21:00", "06:30")));
  EXPECT_FALSE(with(hours("21:00", "06:30"), hours("20:00", "07:00")));
  EXPECT_FALSE(with(hours("21:00", "06:30"), {}));
  EXPECT_FALSE(with([](RuleConfig& rule) { rule.audit = true; }, {}));
  EXPECT_FALSE(with([](RuleConfig& rule) { rule.but_not.ports = {80}; }, {}));
  EXPECT_FALSE(with([](RuleConfig& rule) { rule.sni_missing = true; }, {}));
}

/// Whatever is asked, the rule below never decides.
TEST(Lint, WhatIsProvenIsTrue) {
  std::mt19937 random(1);
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  const auto any = [&](auto... values) {
    const std::array all{values...};
    return all[random() % all.size()];
  };
  const auto some_rule = [&] {
    return rule(any(Action::allow, Action::deny), [&](RuleConfig& rule) {
      if (one_in(2)) rule.what.hosts = {site(any("a.test", "*.a.test", "=b.a.test", "*"))};
      if (one_in(3)) rule.what.hosts.push_back(site(any("=a.test", "b.a.test")));
      if (one_in(3)) rule.what.ports = {any(uint16_t{80}, uint16_t{81})};
      if (one_in(3)) rule.what.methods = {any("GET", "POST")};
      if (one_in(3)) rule.users = {any("ann", "bob")};
      if (one_in(4)) rule.when.add(*Hours::parse("", any("00:00", "12:00"), any("13:00", "24:00")));
      if (one_in(4)) rule.what.content_types = {"text/html"};
    });
  };
  struct NoLists final : Lists {
    Holds has(uint32_t, const Facts&, ListHit&) const override { return Holds::no; }
    std::string place_of(const ListHit&) const override { return {}; }
  } const lists;
  unsigned proven = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::vector<RuleConfig> rules{some_rule(), some_rule()};
    if (!leaves_nothing(rules[0], rules[1])) continue;
    ++proven;
    Table table = compile(rules, {"f:1", "f:2"}, Directory(), {}).table;
    table.ask_of(lists);
    for (int request = 0; request < 20; ++request) {
      Facts facts;
      facts.who.user = any("", "ann", "bob");
      facts.now.minute = any(uint16_t{1}, uint16_t{750}, uint16_t{1000});
      facts.host = any("a.test", "b.a.test", "c.b.a.test", "test");
      facts.port = any(uint16_t{80}, uint16_t{81});
      if (one_in(2)) facts.method = any("GET", "POST");
      if (one_in(2)) facts.content_type = any("text/html", "");
      const Outcome outcome = evaluate(table, {.facts = facts, .lists = lists});
      ASSERT_NE(outcome.rule, &table.rules[1]) << "round " << round;
    }
  }
  EXPECT_GT(proven, 100u);
}

TEST(Lint, GuardsAreAskedFirst) {
  RuleConfig guard = rule(Action::deny);
  guard.guard = true;
  EXPECT_EQ(said({rule(Action::deny), guard}),
            "0 never decides: rule \"r\" (f:1) is asked before it, and has all that it has\n");
}

TEST(Lint, ARuleThatNeverHolds) {
  const struct {
    std::function<void(RuleConfig&)> change;
    const char* why;
  } cases[] = {
      {[](RuleConfig& rule) {
         rule.what.hosts = {site("www.a.test")};
         rule.but_not.hosts = {site("a.test")};
       },
       "what.not_host has all that what.host has"},
      {[](RuleConfig& rule) { rule.but_not.hosts = {site("*")}; }, "what.not_host has every host"},
      {[](RuleConfig& rule) {
         rule.what.ports = {80};
         rule.but_not.ports = {80, 443};
       },
       "what.not_port has all that what.port has"},
      {[](RuleConfig& rule) {
         rule.what.addresses = {*base::Cidr::parse("10.1.0.0/16")};
         rule.but_not.addresses = {*base::Cidr::parse("10.0.0.0/8")};
       },
       "what.not_address has all that what.address has"},
      {[](RuleConfig& rule) {
         rule.what.urls = {url("http://a.test/")};
         rule.what.ports = {8080};
       },
       "no URL in what.url has what.host and what.port"},
      {[](RuleConfig& rule) {
         rule.what.urls = {url("http://a.test/")};
         rule.what.hosts = {site("b.test")};
       },
       "no URL in what.url has what.host and what.port"},
      {[](RuleConfig& rule) {
         rule.sni_missing = true;
         rule.what.methods = {"GET"};
       },
       "what.sni_missing is about tunnels, of which the other keys of what are never known"},
      {[](RuleConfig& rule) {
         rule.what.hosts = {site("a.test")};
         rule.but_not.hosts = {site("www.a.test")};
       },
       ""},
      {[](RuleConfig& rule) {
         rule.what.urls = {url("http://a.test:8080/"), url("http://a.test/")};
         rule.what.ports = {8080};
       },
       ""},
      {[](RuleConfig& rule) { rule.but_not.ports = {80}; }, ""},
  };
  for (const auto& c : cases) EXPECT_EQ(why_never(rule(Action::deny, c.change)), c.why);
  EXPECT_EQ(said({rule(Action::deny, cases[1].change)}),
            "0 never holds: what.not_host has every host\n");
}

TEST(Lint, WhatATunnelDoesNotShow) {
  const auto posts = [](RuleConfig& rule) { rule.what.methods = {"POST"}; };
  EXPECT_EQ(said({rule(Action::allow, posts)}),
            "0 allows no https: a CONNECT does not show what.method, and intercept.mode is "
            "\"off\"\n");
  EXPECT_EQ(said({rule(Action::deny,
                       [](RuleConfig& rule) {
                         rule.but_not.content_types = {"text/html"};
                         rule.size_over = 100;
                       })}),
            "0 closes nothing inside https: a tunnel does not show what.not_content_type, "
            "what.size_over, and intercept.mode is \"off\"\n");
  EXPECT_EQ(said({rule(Action::limit, posts)}),
            "0 limits nothing inside https: a tunnel does not show what.method, and "
            "intercept.mode is \"off\"\n");
  const auto urls = [](const char* text) {
    return [=](RuleConfig& rule) { rule.what.urls = {url(text)}; };
  };
  EXPECT_EQ(said({rule(Action::allow, urls("https://a.test/*"))}),
            "0 never allows anything: it has https:// URLs alone, and intercept.mode is "
            "\"off\"\n");
  EXPECT_NE(said({rule(Action::deny, urls("*://a.test/*"))}), "");
  EXPECT_EQ(said({rule(Action::deny, urls("http://a.test/*"))}), "");
  EXPECT_EQ(said({rule(Action::deny,
                       [&](RuleConfig& rule) {
                         posts(rule);
                         rule.what.ports = {80};
                       })}),
            "");
}

OpeningConfig opening(OpeningMode mode, std::vector<const char*> hosts) {
  OpeningConfig made;
  made.mode = mode;
  for (const char* host : hosts) made.hosts.push_back(site(host));
  return made;
}

TEST(Lint, WhatIsNeverOpened) {
  const auto about = [](Action action, const char* host) {
    return rule(action, [=](RuleConfig& rule) { rule.what.hosts = {site(host)}; });
  };
  const struct {
    OpeningConfig opening;
    const char* host;
    std::vector<RuleConfig> more;
    bool may_be_opened;
  } cases[] = {
      {opening(OpeningMode::off, {}), "a.test", {rule(Action::open)}, false},
      {opening(OpeningMode::only, {"a.test"}), "a.test", {}, true},
      {opening(OpeningMode::only, {"a.test"}), "www.a.test", {}, true},
      {opening(OpeningMode::only, {"www.a.test"}), "a.test", {}, true},
      {opening(OpeningMode::only, {"=a.test"}), "*.a.test", {}, false},
      {opening(OpeningMode::only, {"a.test"}), "b.test", {}, false},
      {opening(OpeningMode::only, {"a.test"}), "b.test", {about(Action::open, "b.test")}, true},
      {opening(OpeningMode::only, {"a.test"}), "b.test", {about(Action::open, "c.test")}, false},
      {opening(OpeningMode::only, {"a.test"}), "*", {}, true},
      {opening(OpeningMode::only, {"signal.org"}), "chat.signal.org", {}, false},
      {opening(OpeningMode::all_but, {"a.test"}), "b.test", {}, true},
      {opening(OpeningMode::all_but, {"a.test"}), "www.a.test", {}, false},
      {opening(OpeningMode::all_but, {"www.a.test"}), "a.test", {}, true},
      {opening(OpeningMode::all_but, {"a.test"}), "a.test", {about(Action::open, "*")}, true},
      {opening(OpeningMode::all_but, {}), "signal.org", {about(Action::open, "*")}, false},
  };
  for (const auto& c : cases) {
    RuleConfig asks = about(Action::deny, c.host);
    asks.what.methods = {"POST"};
    EXPECT_EQ(why_unopened(asks, c.more, c.opening).empty(), c.may_be_opened) << c.host;
  }
  RuleConfig urls = rule(Action::deny);
  urls.what.urls = {url("https://*.b.test/x")};
  EXPECT_EQ(why_unopened(urls, {}, opening(OpeningMode::only, {"a.test"})),
            "none of its hosts is opened");
  EXPECT_EQ(why_unopened(urls, {}, opening(OpeningMode::only, {"www.b.test"})), "");
}

TEST(Lint, RulesThatOpenNothing) {
  const RuleConfig all = rule(Action::open);
  RuleConfig pinned = all;
  pinned.what.hosts = {site("signal.org"), site("g.whatsapp.net")};
  const auto told = [](const RuleConfig& rule, const OpeningConfig& opening) {
    std::string text;
    for (const Remark& each : remarks_on({rule}, true, opening)) text += each.text;
    return text;
  };
  EXPECT_EQ(told(all, {}), "rule \"r\" opens nothing: intercept.mode is \"off\"");
  EXPECT_EQ(told(all, opening(OpeningMode::only, {})), "");
  EXPECT_EQ(told(pinned, opening(OpeningMode::only, {})),
            "rule \"r\" opens nothing: none of its hosts is ever opened (intercept.bypass, "
            "bypass_kinds)");
  OpeningConfig fewer = opening(OpeningMode::only, {});
  fewer.bypass_kinds = {"platform"};
  EXPECT_EQ(told(pinned, fewer), "");
  EXPECT_EQ(told(rule(Action::tunnel), {}), "") << "which keeps closed what is closed";
}

TEST(Lint, HostsOfInterceptThatSayNothing) {
  const auto told = [](const OpeningConfig& opening, const std::vector<RuleConfig>& rules = {}) {
    std::string text;
    for (const OpeningRemark& each : remarks_on(opening, rules))
      text += (each.host ? std::to_string(*each.host) + ' ' : "") + each.text + '\n';
    return text;
  };
  EXPECT_EQ(told({}), "");
  EXPECT_EQ(told(opening(OpeningMode::off, {"a.test"})),
            "hosts says nothing: intercept.mode is \"off\"\n");
  EXPECT_EQ(told(opening(OpeningMode::only, {})),
            "mode is \"only\", and there are no hosts and no rule that opens: nothing is opened\n");
  EXPECT_EQ(told(opening(OpeningMode::only, {}), {rule(Action::open)}), "");
  OpeningConfig own = opening(OpeningMode::only, {"a.test", "x.signal.org", "www.bank.test"});
  own.bypass = {site("bank.test")};
  EXPECT_EQ(told(own),
            "1 hosts has \"x.signal.org\", which is never opened: bypass_kinds has \"pinned\" "
            "(Signal takes its own authority alone)\n"
            "2 hosts has \"www.bank.test\", which is never opened: bypass has it too\n");
  EXPECT_EQ(told(opening(OpeningMode::all_but, {"signal.org"})), "");
}

TEST(Lint, AnAllowWithoutADefault) {
  const RuleConfig some =
      rule(Action::allow, [](RuleConfig& rule) { rule.what.hosts = {site("a.test")}; });
  EXPECT_EQ(said({some, some}, true).find("policy.default"), std::string::npos);
  const std::string text =
      said({rule(Action::deny, [](RuleConfig& rule) { rule.what.ports = {81}; }), some}, false);
  EXPECT_EQ(text.substr(0, 51), "1 allows, and policy.default is not written: what n");
  EXPECT_EQ(said({rule(Action::deny)}, false), "");
}

}  // namespace
}  // namespace weir::policy
