#include "explain/answer.h"

#include <gtest/gtest.h>

#include "match/site_pattern.h"

namespace weir::explain {
namespace {

using policy::Action, policy::RuleConfig;

struct OneHost final : policy::Lists {
  policy::Holds has(uint32_t, const policy::Facts& facts, policy::ListHit& hit) const override {
    hit = {0, 3};
    return policy::holds(facts.host == "ads.test");
  }
  std::string place_of(const policy::ListHit&) const override { return "ads.txt:8812"; }
};

RuleConfig rule(const char* name, Action action) {
  RuleConfig rule;
  rule.name = name;
  rule.action = action;
  return rule;
}

World world_of(const std::vector<RuleConfig>& rules, bool allow_by_default = true,
               const policy::OpeningConfig& opening = {}) {
  World world{.rules = nullptr,
              .own = nullptr,
              .clients = {{.name = "tablet",
                           .addresses = {*base::Cidr::parse("192.0.2.7/32")},
                           .groups = {"kids"}},
                          {.name = "ann", .users = {"ann"}},
                          {.name = "guests", .listeners = {"guests"}}},
              .listeners = {{0,
                             "lan",
                             *base::Endpoint::parse("192.0.2.1:9876"),
                             {*base::Cidr::parse("192.0.2.0/24")}},
                            {1, "guests", *base::Endpoint::parse("127.0.0.1:9877"), {}}},
              .lists = {"ads"},
              .zone = *base::TimeZone::named("UTC"),
              .now = {.weekday = 0, .minute = 20 * 60 + 10}};
  std::vector<base::Endpoint> listening;
  for (const Listener& each : world.listeners) listening.push_back(each.address);
  world.own = std::make_shared<const http::OwnNames>("weir.internal", listening);
  policy::Directory directory(world.clients, {{"lan", {}}, {"guests", {"guests"}}});
  policy::Compiled compiled = policy::compile(
      rules, std::vector<std::string>(rules.size(), "weir.toml:31"), directory, {{"ads", "ads"}});
  compiled.table.allow_by_default = allow_by_default;
  compiled.opening = policy::OpeningPlan(opening);
  auto set = std::make_shared<policy::RuleSet>();
  for (int i = 0; i < 2; ++i) {
    set->listeners.push_back(std::make_shared<const policy::ListenerRules>(
        policy::Config{}, i == 0, std::vector<uint16_t>{25},
        policy::OwnAddresses(listening, nullptr)));
  }
  set->book = policy::make_rulebook(std::move(compiled), std::move(directory),
                                    std::make_shared<const OneHost>(), world.now);
  world.rules = std::move(set);
  return world;
}

std::string told(const World& world, const Asked& asked, Form form = Form::text) {
  const auto made = answer(world, asked, form);
  return made ? made->text : "error: " + made.error() + '\n';
}

TEST(Answer, InWords) {
  RuleConfig bedtime = rule("bedtime", Action::deny);
  bedtime.groups = {"kids"};
  bedtime.when.add(*policy::Hours::parse("", "21:00", "06:30"));
  RuleConfig ads = rule("ads", Action::filter);
  ads.what.lists = {"ads"};
  RuleConfig programs = rule("programs", Action::deny);
  programs.what.content_types = {"application/x-exe"};
  const World world = world_of({bedtime, programs, ads, rule("rest", Action::allow)});
  EXPECT_EQ(told(world, {.url = "http://ads.test/a.js", .client = "tablet", .type = "script"}),
            R"(DENY   at: request   client gets: 200, an empty script
  url   http://ads.test/a.js, GET
  who   tablet, 192.0.2.7 by "lan" 192.0.2.1:9876 -> groups kids
  when  mon 20:10   type script (given)
  built-in guards: port 80 is open
    1 rule   "bedtime"  not now: every day 21:00-06:30   weir.toml:31
    2 rule   "programs" undecided: later shows the answer's type (--content-type)   weir.toml:31
>   3 rule   "ads"      denies   weir.toml:31
             by ads.txt:8812
    4 rule   "rest"     not reached   weir.toml:31
  policy.default allow  not reached
  told: The rule "ads" denies ads.test, which is in ads.txt:8812.
  to allow it: change the rule in weir.toml:31
  for a while: weir allow ads.test --for 30min --client tablet
)");
  EXPECT_EQ(told(world, {.url = "https://a.test:8443/", .client = "192.0.2.8"}),
            R"(ALLOW   at: server name   client gets: 200, a tunnel, which is not opened
  url   https://a.test:8443/, asked as CONNECT a.test:8443
  who   192.0.2.8 by "lan" 192.0.2.1:9876
  when  mon 20:10
  built-in guards: port 8443 is open; no address is known (--resolve, --address)
    1 rule   "bedtime"  not for them   weir.toml:31
    2 rule   "programs" undecided: a tunnel does not show the answer's type   weir.toml:31
    3 rule   "ads"      no match   weir.toml:31
>   4 rule   "rest"     allows   weir.toml:31
  policy.default allow  not reached
  inside the tunnel nothing is seen: rules by url, method and type say nothing there
)");
  EXPECT_EQ(told(world, {.url = "http://a.test/", .client = "192.0.2.8"}).substr(0, 74),
            "DEPENDS on the answer's type (--content-type)   at: response\n  url   http:");
}

TEST(Answer, InJson) {
  RuleConfig ads = rule("ads", Action::filter);
  ads.what.lists = {"ads"};
  const World world = world_of({ads});
  EXPECT_EQ(told(world, {.url = "http://ads.test/", .client = "tablet"}, Form::json),
            R"({"url":"http://ads.test/","verdict":"deny","point":"request","status":403,)"
            R"("answer":"a page that says why","rule":"ads","rule_at":"weir.toml:31",)"
            R"("list":"ads","list_at":"ads.txt:8812","line":null,"type":null,"party":null,)"
            R"("clients":["tablet"],"groups":["kids"],"opened":null,"opened_why":null,)"
            R"("grant":null,"would":null,)"
            R"("missing":[],"notes":[]})");
  EXPECT_EQ(
      told(world, {.url = "https://a.test/", .expect = {"allow", "policy.default"}}, Form::json),
      R"({"url":"https://a.test/","verdict":"allow","point":"request","status":200,)"
      R"("answer":"a tunnel, which is not opened","rule":"policy.default","rule_at":null,)"
      R"("list":null,"list_at":null,"line":null,"type":null,"party":null,)"
      R"("clients":["guests"],"groups":["guests"],"opened":false,"opened_why":null,)"
      R"("grant":null,"would":null,)"
      R"("missing":[],"notes":[],)"
      R"("as_expected":true})");
}

/// The first line of the words, and what they say of opening.
std::string head_of(const World& world, const Asked& asked) {
  const std::string text = told(world, asked);
  const size_t at = text.find("\n  https ");
  return text.substr(0, text.find('\n')) +
         (at == std::string::npos ? "" : text.substr(at, text.find('\n', at + 1) - at));
}

TEST(Answer, HttpsThatIsOpenedIsAskedAboutInside) {
  RuleConfig part = rule("part", Action::deny);
  part.what.urls = {*match::UrlPattern::parse("https://a.test/private/*")};
  RuleConfig images = rule("images", Action::deny);
  images.what.kinds = policy::WhatConfig{.kinds = {policy::ContentKind::image}}.kinds;
  images.what.hosts = {*match::SitePattern::parse("b.test")};
  RuleConfig closed = rule("closed", Action::tunnel);
  closed.what.hosts = {*match::SitePattern::parse("c.test")};
  policy::OpeningConfig opening;
  opening.mode = policy::OpeningMode::all_but;
  const World world = world_of({part, images, closed}, true, opening);
  EXPECT_EQ(head_of(world, {.url = "https://a.test/private/x"}),
            "DENY   at: request   client gets: 403, a page that says why\n"
            "  https opened by intercept.mode; where that fails, it is denied");
  EXPECT_EQ(head_of(world, {.url = "https://a.test/"}),
            "ALLOW   at: request   client gets: what the origin answers\n"
            "  https opened by intercept.mode; where that fails, it is denied");
  EXPECT_EQ(head_of(world, {.url = "https://b.test/", .type = "image"}),
            "DENY   at: request   client gets: 200, an empty image\n"
            "  https opened by intercept.mode; where that fails, it is denied");
  EXPECT_EQ(head_of(world, {.url = "https://d.test/x", .type = "image"}),
            "ALLOW   at: request   client gets: what the origin answers\n"
            "  https opened by intercept.mode; where that fails, it is relayed unread");
  EXPECT_EQ(head_of(world, {.url = "https://c.test/"}),
            "ALLOW   at: CONNECT   client gets: 200, a tunnel, which is not opened\n"
            "  https not opened, by closed");
  EXPECT_EQ(head_of(world, {.url = "https://chat.signal.org/"}),
            "ALLOW   at: CONNECT   client gets: 200, a tunnel, which is not opened\n"
            "  https not opened, by bypass:pinned");
  EXPECT_EQ(told(world, {.url = "https://weir.internal/"}).substr(0, 5), "ALLOW");
}

TEST(Answer, TheRulesAboutOpeningInWords) {
  RuleConfig mine = rule("mine", Action::open);
  mine.what.hosts = {*match::SitePattern::parse("a.test")};
  RuleConfig soon = rule("soon", Action::tunnel);
  soon.audit = true;
  RuleConfig read = rule("read", Action::allow);
  read.what.methods = {"GET"};
  const auto lines = [&](policy::OpeningMode mode, const char* url, const char* method = "") {
    policy::OpeningConfig opening;
    opening.mode = mode;
    const std::string text =
        told(world_of({soon, mine, read}, false, opening), {.url = url, .method = method});
    const size_t at = text.find("    1 rule");
    return text.substr(at, text.find("policy.default") - 2 - at);
  };
  EXPECT_EQ(lines(policy::OpeningMode::off, "https://a.test/"),
            R"(    1 rule   "soon"   nothing is opened: intercept.mode is off   weir.toml:31
    2 rule   "mine"   nothing is opened: intercept.mode is off   weir.toml:31
    3 rule   "read"   undecided: a tunnel does not show the method   weir.toml:31
)");
  EXPECT_EQ(lines(policy::OpeningMode::only, "https://b.test/"),
            R"(    1 rule   "soon"   would leave it unread: mode is audit   weir.toml:31
    2 rule   "mine"   no match   weir.toml:31
    3 rule   "read"   undecided: a tunnel does not show the method   weir.toml:31
)");
  EXPECT_EQ(lines(policy::OpeningMode::only, "https://a.test/"),
            R"(    1 rule   "soon"   about CONNECT alone   weir.toml:31
    2 rule   "mine"   about CONNECT alone   weir.toml:31
>   3 rule   "read"   allows   weir.toml:31
)");
  policy::OpeningConfig only;
  only.mode = policy::OpeningMode::only;
  const World world = world_of({soon, mine, read}, false, only);
  EXPECT_EQ(head_of(world, {.url = "https://a.test/", .method = "POST"}),
            "DENY   at: request   client gets: 403, a page that says why\n"
            "  https opened by mine; where that fails, it is denied");
  EXPECT_EQ(head_of(world, {.url = "https://b.test/"}),
            "DENY   at: CONNECT   client gets: 403, a text, which browsers do not show");
  const std::string json = told(world, {.url = "https://a.test/"}, Form::json);
  EXPECT_TRUE(json.contains(R"("opened":true,"opened_why":"mine",)")) << json;
}

TEST(Answer, WhoAsks) {
  RuleConfig only = rule("only", Action::deny);
  only.users = {"ann"};
  const World world = world_of({only, rule("all", Action::allow)});
  const auto who = [&](const Asked& asked) {
    const std::string text = told(world, asked);
    const size_t at = text.find("  who   ");
    return at == std::string::npos ? text : text.substr(at + 8, text.find('\n', at) - at - 8);
  };
  const std::string url = "http://a.test/";
  EXPECT_EQ(who({.url = url}), "guests, 127.0.0.1 by \"guests\" 127.0.0.1:9877 -> groups guests");
  EXPECT_EQ(who({.url = url, .client = "ann", .listener = "lan"}),
            "ann, 192.0.2.0, user ann by \"lan\" 192.0.2.1:9876");
  EXPECT_EQ(who({.url = url, .client = "guests"}),
            "guests, 127.0.0.1 by \"guests\" 127.0.0.1:9877 -> groups guests");
  EXPECT_EQ(who({.url = url, .client = "::ffff:192.0.2.7", .listener = "192.0.2.1:9876"}),
            "tablet, 192.0.2.7 by \"lan\" 192.0.2.1:9876 -> groups kids");
}

TEST(Answer, ClientsThatAreNotAdmitted) {
  const Asked stranger{.url = "https://a.test/", .client = "198.51.100.1", .listener = "lan"};
  EXPECT_EQ(told(world_of({}), stranger),
            R"(DENY   at: CONNECT   client gets: 403, a text, which browsers do not show
  url   https://a.test/, asked as CONNECT a.test:443
  who   198.51.100.1 by "lan" 192.0.2.1:9876
  when  mon 20:10
> built-in guard clients: This proxy does not serve clients at 198.51.100.1.
  to allow it: add the address, or a network that holds it, to `clients` of )"
            "the [[listener]] in the configuration.\n");
  EXPECT_EQ(told(world_of({rule("all", Action::allow)}),
                 {.url = "http://weir.internal/", .client = "198.51.100.1", .listener = "lan"})
                .substr(0, 4),
            "DENY")
      << "own pages are for clients too";
}

TEST(Answer, TellsWhereALoginIsNeeded) {
  World world = world_of({rule("all", Action::deny)});
  const auto tells = [&](const Asked& asked) {
    return told(world, asked).find("Nobody has logged in") != std::string::npos;
  };
  const Asked page{.url = "http://a.test/", .client = "192.0.2.8"};
  EXPECT_FALSE(tells(page));
  world.listeners[0].login =
      auth::ListenerConfig{.required = {},
                           .exempt_hosts = {*match::SitePattern::parse("updates.test")},
                           .exempt_clients = {*base::Cidr::parse("192.0.2.9")}};
  EXPECT_TRUE(tells(page));
  EXPECT_FALSE(tells({.url = page.url, .client = page.client, .user = "ann"}));
  EXPECT_FALSE(tells({.url = page.url, .client = "192.0.2.9"}));
  EXPECT_FALSE(tells({.url = "https://x.updates.test/", .client = page.client}));
  EXPECT_FALSE(tells({.url = page.url, .listener = "guests"}));
  EXPECT_FALSE(tells({.url = "http://weir.internal/", .client = page.client}));
}

TEST(Answer, TheParty) {
  const World world = world_of({rule("all", Action::allow)});
  const auto party = [&](const char* url, const char* from) {
    const std::string text = told(world, {.url = url, .from = from}, Form::json);
    const size_t at = text.find("\"party\":") + 8;
    return text.substr(at, text.find(',', at) - at);
  };
  EXPECT_EQ(party("http://a.test/", ""), "null");
  EXPECT_EQ(party("http://a.test/", "https://A.test./x"), "\"first\"");
  EXPECT_EQ(party("http://a.test/", "news.example"), "\"third\"");
  EXPECT_EQ(party("http://192.0.2.7/", "http://192.0.3.7/"), "\"third\"");
  EXPECT_EQ(party("http://b.a.test/", "http://a.test/"), "null")
      << "a list of registrable domains would tell";
}

TEST(Answer, NoRuleIsForWeirsOwnPages) {
  const World world = world_of({rule("none", Action::deny)}, false);
  for (const char* url :
       {"http://weir.internal/", "http://weir.internal:9877/", "http://WEIR.internal./x",
        "http://127.0.0.1:9877/", "https://weir.internal/"})
    EXPECT_EQ(told(world, {.url = url}).substr(0, 5), "ALLOW") << url;
  for (const char* url : {"http://weir.internal:81/", "https://127.0.0.1:9877/", "http://a.test/"})
    EXPECT_EQ(told(world, {.url = url}).substr(0, 4), "DENY") << url;
}

TEST(Answer, TheAddressesOfThisMachineAreKnown) {
  RuleConfig inside = rule("inside", Action::deny);
  inside.what.addresses = {*base::Cidr::parse("127.0.0.0/8"), *base::Cidr::parse("::1")};
  const World world = world_of({inside});
  for (const char* url : {"http://localhost/", "http://a.localhost/", "https://localhost:8443/",
                          "http://[::1]/", "http://127.0.0.1/"})
    EXPECT_EQ(told(world, {.url = url}).substr(0, 4), "DENY") << url;
  EXPECT_EQ(told(world, {.url = "http://a.test/", .addresses = {"93.184.216.34"}}).substr(0, 5),
            "ALLOW");
  EXPECT_EQ(told(world, {.url = "http://a.test/"}).substr(0, 7), "DEPENDS");
  EXPECT_EQ(told(world, {.url = "http://a.test/", .addresses = {"127.0.0.2"}}).substr(0, 4),
            "DENY");
}

TEST(Answer, WhatIsNotUnderstood) {
  const World world = world_of({rule("all", Action::deny)});
  const std::string url = "http://a.test/";
  const struct {
    Asked asked;
    std::string_view why;
  } cases[] = {
      {{}, "there is no URL"},
      {{.url = "a.test"}, "the URL \"a.test\" begins with neither"},
      {{.url = "ftp://a.test/"}, "the URL \"ftp://a.test/\" begins with neither"},
      {{.url = "http:/a.test/"}, "the URL \"http:/a.test/\" begins with neither"},
      {{.url = "http://"}, "the URL \"http://\" would be refused"},
      {{.url = "http://a b/"}, "the URL \"http://a b/\" would be refused"},
      {{.url = "http://a.test:0/"}, "the URL \"http://a.test:0/\" would be refused"},
      {{.url = "http://[::1/"}, "the URL \"http://[::1/\" would be refused"},
      {{.url = "http://a.test/" + std::string(20'000, 'a')}, "the URL \"http://a.test/aaa"},
      {{.url = url, .client = "nobody"}, "\"nobody\" is no address"},
      {{.url = url, .listener = "none"}, "\"none\" is no name of a [[listener]]"},
      {{.url = url, .type = "picture"}, "\"picture\" is no type"},
      {{.url = url, .from = "http://"}, "the URL \"http://\" would be refused"},
      {{.url = url, .method = "CONNECT"}, "what a CONNECT would be told"},
      {{.url = url, .method = "GET /"}, "\"GET /\" is no method"},
      {{.url = url, .at = "noon"}, "\"noon\" is no time"},
      {{.url = url, .addresses = {"a.test"}}, "\"a.test\" is no IP address"},
      {{.url = url, .addresses = std::vector<std::string>(17, "::1")}, "a name has at most 16"},
  };
  for (const auto& c : cases) {
    const auto made = answer(world, c.asked, Form::text);
    ASSERT_FALSE(made) << c.why;
    EXPECT_EQ(made.error().substr(0, c.why.size()), c.why);
  }
}

TEST(Answer, WhatTheClientGets) {
  RuleConfig elsewhere = rule("elsewhere", Action::redirect);
  elsewhere.to = "http://b.test/sorry";
  elsewhere.what.hosts = {*match::SitePattern::parse("a.test")};
  RuleConfig named = rule("named", Action::deny);
  named.sni_missing = true;
  const World world = world_of({elsewhere, named, rule("rest", Action::deny)});
  const auto gets = [&](const Asked& asked) {
    const auto explained = explain(world, asked);
    EXPECT_TRUE(explained) << explained.error();
    const ClientGets gets = client_gets(**explained);
    return std::to_string(gets.status) + ' ' + gets.words;
  };
  EXPECT_EQ(gets({.url = "http://a.test/"}), "307 sent to http://b.test/sorry");
  EXPECT_EQ(gets({.url = "https://a.test/"}), "403 a text, which browsers do not show");
  const std::string url = "http://b.test/";
  EXPECT_EQ(gets({.url = url}), "403 a page that says why");
  EXPECT_EQ(gets({.url = url, .type = "document"}), "403 a page that says why");
  EXPECT_EQ(gets({.url = url, .type = "image"}), "200 an empty image");
  EXPECT_EQ(gets({.url = url, .type = "style", .method = "head"}), "200 an empty style sheet");
  EXPECT_EQ(gets({.url = url, .type = "script", .method = "POST"}), "403 a page that says why");
  EXPECT_EQ(gets({.url = url, .type = "ping", .method = "POST"}), "204 nothing");
  EXPECT_EQ(gets({.url = "http://b.test:25/", .type = "image"}), "403 a page that says why")
      << "a built-in guard is for no page's sake";
  EXPECT_EQ(gets({.url = "http://weir.internal/"}), "200 Weir's own pages");
}

TEST(Answer, TheNamesBehindAName) {
  RuleConfig tracker = rule("tracker", Action::deny);
  tracker.what.hosts = {*match::SitePattern::parse("tracker.test")};
  const World world = world_of({tracker});
  const Asked asked{.url = "https://a.test/", .aliases = {"cdn.test", "x.Tracker.test"}};
  const std::string text = told(world, asked);
  EXPECT_EQ(text.substr(0, 20), "DENY   at: address  ");
  EXPECT_NE(text.find("x.tracker.test (a.test leads there)"), std::string::npos) << text;
  EXPECT_EQ(told(world, {.url = "https://a.test/", .aliases = {"cdn.test"}}).substr(0, 5), "ALLOW");
  EXPECT_EQ(told(world, {.url = "https://a.test/", .aliases = {"a b"}}),
            "error: \"a b\" is no name of a host\n");
}

TEST(Answer, NamesAreNoLinesOfTheirOwn) {
  const World world = world_of({rule("a\nALLOW\x1b[2J", Action::deny)});
  const std::string text = told(world, {.url = "http://a.test/\x1b[2J"});
  const std::string other = told(world, {.url = "http://a.test/", .user = "a\nALLOW\x1b[2J"});
  for (const std::string& each : {text, other}) {
    EXPECT_EQ(each.find("\nALLOW"), std::string::npos) << each;
    EXPECT_EQ(each.find('\x1b'), std::string::npos) << each;
  }
}

TEST(Answer, AsItIsSent) {
  const Answer answer{policy::Conclusion::depends, false, "two\nlines\n"};
  EXPECT_EQ(sent(answer), "depends unexpected\ntwo\nlines\n");
  const auto read = parse_sent(sent(answer));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->conclusion, answer.conclusion);
  EXPECT_EQ(read->text, answer.text);
  EXPECT_FALSE(read->as_expected);
  for (const char* text : {"", "deny", "deny expected", "perhaps expected\n", "deny\n"})
    EXPECT_FALSE(parse_sent(text)) << text;
}

}  // namespace
}  // namespace weir::explain
