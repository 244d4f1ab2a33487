#include "policy/rulebook.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>

#include "http/aliases.h"
#include "http/stage_fake.h"
#include "match/country_file_fake.h"
#include "policy/decide.h"

namespace weir::policy {
namespace {

using base::ErrorType;
using base::IpAddress;

/// List 0 has `ads.test`, in line 3 of a file.
struct OneHost final : Lists {
  Holds has(uint32_t, const Facts& facts, ListHit& hit) const override {
    hit = {0, 3};
    return holds(facts.host == "ads.test");
  }
  std::string place_of(const ListHit& hit) const override {
    return "/etc/weir/ads.txt:" + std::to_string(hit.entry);
  }
};

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}

RuleConfig rule(const char* name, Action action) {
  RuleConfig rule;
  rule.name = name;
  rule.place = "/etc/weir/weir.toml:31";
  rule.action = action;
  return rule;
}

RuleSet rule_set(std::vector<RuleConfig> rules, bool allow_by_default = true,
                 const std::vector<ClientConfig>& clients = {}, LocalTime now = {}) {
  std::vector<std::string> places;
  for (const RuleConfig& each : rules) places.push_back(each.place);
  Directory directory(clients, {{"lan", {}}});
  Compiled compiled = compile(rules, places, directory, {{"ads", "ads"}});
  compiled.table.allow_by_default = allow_by_default;
  RuleSet set;
  set.listeners.push_back(std::make_shared<const ListenerRules>(
      Config{}, false, std::vector<uint16_t>{}, OwnAddresses()));
  set.house = set.listeners[0];
  set.book = make_rulebook(std::move(compiled), std::move(directory),
                           std::make_shared<const OneHost>(), now);
  return set;
}

Question plain(std::string_view host) {
  return {.host = host, .port = 80, .request = {.path = "/", .method = "GET"}};
}
Question connect(std::string_view host) {
  return {.host = host, .port = 443, .connect = true};
}

std::string asked(const RuleSet& rules, const Question& question) {
  const Decided decided = decide(rules, question);
  if (decided.decision) return "allow";
  EXPECT_EQ(decided.decision.error().type(), ErrorType::http_request_denied);
  EXPECT_EQ(decided.decision.error().status(), 403);
  return std::string(decided.decision.error().rule());
}

TEST(Rulebook, ThereIsNoneWhereNothingHasToBeAsked) {
  EXPECT_FALSE(rule_set({}).book);
  EXPECT_TRUE(rule_set({}, false).book);
  EXPECT_TRUE(rule_set({rule("a", Action::allow)}).book);
}

TEST(Rulebook, ADenialSaysWhichRuleAndWhichLine) {
  RuleConfig ads = rule("ads for everyone", Action::filter);
  ads.what.lists = {"ads"};
  const RuleSet rules = rule_set({ads});
  const Decided decided = decide(rules, plain("ads.test"));
  ASSERT_FALSE(decided.decision);
  const base::Error& error = decided.decision.error();
  EXPECT_EQ(error.detail(),
            "The rule \"ads for everyone\" denies ads.test, which is in ads.txt:3.");
  EXPECT_EQ(error.rule(), "ads for everyone");
  EXPECT_EQ(error.remedy(), "change the rule in weir.toml:31");
  ASSERT_TRUE(decided.verdict);
  EXPECT_EQ(decided.verdict->list.view(), "/etc/weir/ads.txt:3");
  EXPECT_EQ(asked(rules, plain("other.test")), "allow");
  EXPECT_FALSE(decide(rules, plain("other.test")).verdict);
}

TEST(Rulebook, TheAddressTellsTheCountry) {
  const std::string path = testing::TempDir() + "rulebook_countries.mmdb";
  match::FakeCountryFile file;
  file.add("198.51.100.0/24", match::FakeCountryFile::country("KP"));
  std::ofstream(path, std::ios::binary) << file.bytes();
  auto countries = match::CountryFile::open(path);
  std::remove(path.c_str());
  ASSERT_TRUE(countries);
  RuleConfig sanctions = rule("sanctions", Action::deny);
  sanctions.what.countries = {"KP"};
  RuleSet rules = rule_set({sanctions});
  auto book = std::make_shared<Rulebook>(*rules.book);
  book->countries = *std::move(countries);
  rules.book = std::move(book);
  EXPECT_EQ(asked(rules, plain("a.test")), "allow");
  Question literal = plain("198.51.100.7");
  literal.literal = true;
  EXPECT_EQ(asked(rules, literal), "sanctions");
  for (const Question& question : {plain("a.test"), connect("a.test")}) {
    const Decided decided = decide(rules, question);
    ASSERT_TRUE(decided.decision);
    const auto connects_to = [&](IpAddress address) {
      return (*decided.decision)->check_address(base::AddressSource::dns, address, question.port);
    };
    EXPECT_TRUE(connects_to(IpAddress::v4(93, 184, 216, 34)));
    const auto refused = connects_to(IpAddress::v4(198, 51, 100, 7));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule(), "sanctions");
  }
}

TEST(Rulebook, NoRuleIsForWeirsOwnPagesAndRequests) {
  const RuleSet rules = rule_set({rule("nothing", Action::deny)}, false);
  EXPECT_EQ(asked(rules, plain("a.test")), "nothing");
  EXPECT_EQ(asked(rules, {.host = "weir.internal", .port = 80, .own = true}), "allow");
  EXPECT_EQ(asked(rules, {.listener = kHouse, .host = "a.test", .port = 80}), "allow");
}

TEST(Rulebook, WhatIsNeverKnownInATunnelOpensAndClosesNothing) {
  RuleConfig read = rule("read", Action::allow);
  read.what.hosts = {site("a.test")};
  read.what.methods = {"GET"};
  RuleConfig posts = rule("posts", Action::deny);
  posts.what.methods = {"POST"};
  EXPECT_EQ(asked(rule_set({read}, false), connect("a.test")), "policy.default");
  EXPECT_EQ(asked(rule_set({read}, false), plain("a.test")), "allow");
  EXPECT_EQ(asked(rule_set({posts}), connect("a.test")), "allow");
}

TEST(Rulebook, AddressesAreAskedBeforeTheyAreConnectedTo) {
  RuleConfig inside = rule("inside", Action::allow);
  inside.what.addresses = {*base::Cidr::parse("10.0.0.0/8")};
  const RuleSet rules = rule_set({inside}, false);
  for (const Question& question : {plain("a.test"), connect("a.test")}) {
    const auto decision = decide(rules, question).decision;
    ASSERT_TRUE(decision) << "an address may still allow it";
    const auto check = [&](const char* address) {
      return (*decision)->check_address(base::AddressSource::dns, *IpAddress::parse(address),
                                        question.port);
    };
    EXPECT_TRUE(check("10.1.2.3"));
    const auto refused = check("93.184.216.34");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail(), "No rule allows a.test at 93.184.216.34.");
  }
  Question literal = connect("93.184.216.34");
  literal.literal = true;
  EXPECT_EQ(asked(rules, literal), "policy.default") << "known from the beginning";
}

struct Answered {
  http::FakeStages fake;
  base::Result<void> check(const Decision& decision, int status,
                           std::initializer_list<std::pair<const char*, const char*>> fields) {
    base::Result<void> checked;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      auto head = http::ResponseHead::make(status);
      for (const auto& [name, value] : fields) head->fields.add(name, value);
      checked = decision.check_response(*head, *request.exchange);
      verdict = request.exchange->verdict;
      return http::Response{.head = std::move(head)};
    };
    struct Passes final : http::Stage {
      async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                       http::Next next) const override {
        return next(request);
      }
    };
    fake.run(Passes(), "GET", "http://a.test/", {{"Host", "a.test"}});
    return checked;
  }
  base::Ref<const http::Verdict> verdict;
};

TEST(Rulebook, AnswersAreAskedAboutOnceTheirHeadIsThere) {
  RuleConfig programs = rule("programs", Action::deny);
  programs.what.content_types = {"application/x-exe"};
  RuleConfig large = rule("large", Action::deny);
  large.size_over = 100;
  RuleConfig images = rule("images", Action::deny);
  images.what.content_types = {"image/*"};
  images.audit = true;
  const RuleSet rules = rule_set({programs, large, images});
  const auto decision = *decide(rules, plain("a.test")).decision;
  Answered answered;
  EXPECT_TRUE(answered.check(*decision, 200, {{"Content-Type", "text/html"}}));
  const auto program = answered.check(*decision, 200, {{"Content-Type", " Application/X-EXE ;a"}});
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().rule(), "programs");
  EXPECT_TRUE(answered.check(*decision, 200, {{"Content-Length", "100"}}));
  EXPECT_FALSE(answered.check(*decision, 200, {{"Content-Length", "101"}}));
  EXPECT_TRUE(answered.check(*decision, 200, {{"Content-Type", "image/png"}}));
  ASSERT_TRUE(answered.verdict);
  EXPECT_EQ(answered.verdict->would.view(), "images");
}

TEST(Rulebook, AServerNameHasToBeAllowedToo) {
  RuleConfig sites = rule("sites", Action::allow);
  sites.what.hosts = {site("a.test")};
  const RuleSet rules = rule_set({sites}, false);
  const auto decision = *decide(rules, connect("a.test")).decision;
  http::FakeStages fake;
  int checks = 0;
  fake.next = [&](http::Request& request) -> base::Result<http::Response> {
    const auto check = [&](std::string_view name) {
      ++checks;
      return decision->check_server_name(name, *request.exchange).has_value();
    };
    EXPECT_TRUE(check("a.test"));
    EXPECT_TRUE(check("www.a.test"));
    EXPECT_TRUE(check("")) << "no name: the host of the CONNECT stands";
    EXPECT_FALSE(check("b.test"));
    return http::Response{.head = http::ResponseHead::make(200)};
  };
  struct Passes final : http::Stage {
    async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                     http::Next next) const override {
      return next(request);
    }
  };
  fake.run(Passes(), "CONNECT", "a.test:443", {{"Host", "a.test"}});
  EXPECT_EQ(checks, 4);
}

TEST(Rulebook, AnAliasIsRefusedByARuleInFrontOfTheOneThatAllowsTheHost) {
  RuleConfig ads = rule("ads", Action::filter), sites = rule("sites", Action::allow);
  ads.what.lists = {"ads"};
  sites.what.hosts = {site("a.test")};
  RuleConfig rest = rule("rest", Action::deny);
  const http::Aliases to_ads("cdn.test\nads.test\n"), to_cdn("cdn.test\n");
  const auto refused_by = [&](const RuleSet& rules, const http::Aliases& aliases) -> std::string {
    const auto checked = (*decide(rules, plain("a.test")).decision)->check_aliases(aliases);
    return checked ? "" : std::string(checked.error().rule());
  };
  EXPECT_EQ(refused_by(rule_set({ads}), to_ads), "ads");
  EXPECT_EQ(refused_by(rule_set({ads}), to_cdn), "");
  EXPECT_EQ(refused_by(rule_set({ads, sites, rest}, false), to_ads), "ads");
  EXPECT_EQ(refused_by(rule_set({ads, sites, rest}, false), to_cdn), "")
      << "an allowed host is allowed with the names that it needs";
  EXPECT_EQ(refused_by(rule_set({sites, ads}, false), to_ads), "");
  EXPECT_EQ(refused_by(rule_set({sites}, false), to_cdn), "");
  const auto checked = (*decide(rule_set({ads}), plain("a.test")).decision)->check_aliases(to_ads);
  EXPECT_EQ(checked.error().detail(),
            "The rule \"ads\" denies ads.test (a.test leads there), which is in ads.txt:3.");
}

TEST(Rulebook, AnAliasIsAskedAboutWithWhatTheRequestAloneTells) {
  RuleConfig pages = rule("pages", Action::deny), posts = rule("posts", Action::deny);
  pages.what.urls = {*match::UrlPattern::parse("http://cdn.test/bad/*")};
  posts.what.hosts = {site("cdn.test")};
  posts.what.methods = {"POST"};
  const RuleSet rules = rule_set({pages, posts});
  const http::Aliases aliases("cdn.test\n");
  // No rule is about the host itself: one decision is remembered for all its requests.
  const auto decision = *decide(rules, {.host = "a.test", .port = 80}).decision;
  EXPECT_TRUE(decision->check_aliases(aliases));
  const auto refused_by = [&](std::string_view method, std::string_view path) -> std::string {
    const auto head = http::RequestHead::make();
    head->target.path = path;
    head->method_token = method;
    const auto checked =
        decision->check_aliases(aliases, IpAddress::v4(127, 0, 0, 1), *head, false);
    return checked ? "" : std::string(checked.error().rule());
  };
  EXPECT_EQ(refused_by("GET", "/good/x"), "");
  EXPECT_EQ(refused_by("GET", "/bad/x"), "pages");
  EXPECT_EQ(refused_by("GET", "/good/../%62ad/"), "pages");
  EXPECT_EQ(refused_by("POST", "/good/x"), "posts");
}

TEST(Rulebook, QuestionsAskNoMoreThanTheRulesDo) {
  const auto head = [](std::string_view target, std::string_view path) {
    auto made = http::RequestHead::make();
    made->target.host = target;
    made->target.path = path;
    made->method_token = "POST";
    return made;
  };
  const IpAddress client = IpAddress::v4(192, 0, 2, 7);
  std::string path;
  const auto of = [&](const RuleSet& rules, bool connects, std::string_view user = "ann") {
    Question question{.identity = user, .host = "a.test", .port = 80, .connect = connects};
    const auto made = head("a.test", "/x/../y");
    add_what_rules_ask(question, *rules.book, client, made.get(), false, path);
    return question.request;
  };
  EXPECT_EQ(of(rule_set({rule("all", Action::deny)}), false), RequestFacts());
  RuleConfig urls = rule("urls", Action::deny);
  urls.what.urls = {*match::UrlPattern::parse("http://a.test/y")};
  EXPECT_EQ(of(rule_set({urls}), false), (RequestFacts{.path = "/y"}));
  EXPECT_EQ(of(rule_set({urls}), true), RequestFacts());
  urls.what.urls = {*match::UrlPattern::parse("http://b.test/y")};
  EXPECT_EQ(of(rule_set({urls}), false), RequestFacts()) << "no rule asks it of this host";
  RuleConfig users = rule("users", Action::deny);
  users.users = {"ann"};
  users.what.methods = {"POST"};
  EXPECT_EQ(of(rule_set({users}), false), (RequestFacts{.client = client, .method = "POST"}));
  EXPECT_EQ(of(rule_set({users}), false, "bob"), (RequestFacts{.client = client}));
  EXPECT_EQ(of(rule_set({users}), true), (RequestFacts{.client = client}));
}

TEST(Rulebook, HoursComeAndGo) {
  RuleConfig bedtime = rule("bedtime", Action::deny);
  bedtime.when.add(*Hours::parse("", "21:00", "06:30"));
  const LocalTime evening{.weekday = 0, .minute = 21 * 60}, day{.weekday = 0, .minute = 12 * 60};
  EXPECT_EQ(asked(rule_set({bedtime}, true, {}, evening), plain("a.test")), "bedtime");
  EXPECT_EQ(asked(rule_set({bedtime}, true, {}, day), plain("a.test")), "allow");
  const RuleSet rules = rule_set({bedtime});
  EXPECT_TRUE(rules.book->table.has_hours());
  EXPECT_FALSE(rules.book->table.same_hours(evening, day));
  EXPECT_TRUE(rules.book->table.same_hours(day, {.weekday = 3, .minute = 20 * 60 + 59}));
}

}  // namespace
}  // namespace weir::policy
