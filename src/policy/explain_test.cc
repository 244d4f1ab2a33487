#include "policy/explain.h"

#include <gtest/gtest.h>

#include <random>

#include "http/aliases.h"
#include "http/stage_fake.h"

namespace weir::policy {
namespace {

using base::IpAddress;

/// List 0 has `ads.test`, in line 3 of a file.
struct OneHost final : Lists {
  Holds has(uint32_t, const Facts& facts, ListHit& hit) const override {
    hit = {0, 3};
    return holds(facts.host == "ads.test");
  }
  std::string place_of(const ListHit&) const override { return "ads.txt:3"; }
};

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}

RuleConfig rule(const char* name, Action action) {
  RuleConfig rule;
  rule.name = name;
  rule.action = action;
  return rule;
}

RuleSet rule_set(const std::vector<RuleConfig>& rules, bool allow_by_default = true) {
  const std::vector<ClientConfig> clients{
      {.name = "tablet", .addresses = {*base::Cidr::parse("192.0.2.7/32")}, .groups = {"kids"}}};
  Directory directory(clients, {{"lan", {}}});
  Compiled compiled = compile(rules, std::vector<std::string>(rules.size(), "weir.toml:31"),
                              directory, {{"ads", "ads"}});
  compiled.table.allow_by_default = allow_by_default;
  RuleSet set;
  set.listeners.push_back(std::make_shared<const ListenerRules>(
      Config{}, true, std::vector<uint16_t>{25}, OwnAddresses()));
  set.house = set.listeners[0];
  set.book = make_rulebook(std::move(compiled), std::move(directory),
                           std::make_shared<const OneHost>(), {});
  return set;
}

Question plain(std::string_view host) {
  return {.host = host,
          .port = 80,
          .request = {.client = IpAddress::v4(192, 0, 2, 7), .path = "/x", .method = "GET"}};
}
Question connect(std::string_view host) {
  return {.host = host,
          .port = 443,
          .connect = true,
          .request = {.client = IpAddress::v4(192, 0, 2, 7)}};
}

std::string missing(const Explanation& explanation) {
  std::string names;
  for (const Fact each : facts_in(explanation.missing))
    names += (names.empty() ? "" : " ") + std::string(name_of(each));
  return names;
}

TEST(Explain, EachRuleSaysWhyItDidNotDecide) {
  RuleConfig theirs = rule("theirs", Action::deny);
  theirs.users = {"ann"};
  RuleConfig night = rule("night", Action::deny);
  night.when.add(*Hours::parse("", "21:00", "06:30"));
  RuleConfig other = rule("other", Action::deny);
  other.what.hosts = {site("other.test")};
  RuleConfig programs = rule("programs", Action::deny);
  programs.what.content_types = {"application/x-exe"};
  RuleConfig soon = rule("soon", Action::deny);
  soon.audit = true;
  RuleConfig ads = rule("ads", Action::filter);
  ads.what.lists = {"ads"};
  RuleConfig guard = rule("guard", Action::deny);
  guard.guard = true;
  guard.what.ports = {81};
  const RuleSet rules =
      rule_set({theirs, night, other, programs, soon, ads, rule("last", Action::allow), guard});
  const Explanation explanation =
      explain(rules, {.question = plain("ads.test"), .now = {.minute = 12 * 60}});
  EXPECT_EQ(explanation.conclusion, Conclusion::deny);
  EXPECT_EQ(explanation.point, Point::request);
  ASSERT_TRUE(explanation.rule && explanation.hit && explanation.refusal && explanation.would);
  EXPECT_EQ(explanation.rule->name, "ads");
  EXPECT_EQ(explanation.hit->entry, 3u);
  EXPECT_EQ(explanation.would->name, "soon");
  EXPECT_EQ(explanation.refusal->rule(), "ads");
  const struct {
    const char* name;
    RuleSeen::Part part;
    std::optional<Looked> looked;
  } expected[] = {
      {"guard", RuleSeen::guard, Looked::no_match},
      {"theirs", RuleSeen::rule, Looked::not_for_them},
      {"night", RuleSeen::rule, Looked::not_now},
      {"other", RuleSeen::rule, Looked::no_match},
      {"programs", RuleSeen::rule, Looked::undecided},
      {"soon", RuleSeen::rule, Looked::audited},
      {"ads", RuleSeen::rule, Looked::decides},
      {"last", RuleSeen::rule, std::nullopt},
  };
  ASSERT_EQ(explanation.rules.size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(explanation.rules[i].seen->name, expected[i].name);
    EXPECT_EQ(explanation.rules[i].part, expected[i].part) << expected[i].name;
    EXPECT_EQ(explanation.rules[i].looked, expected[i].looked) << expected[i].name;
  }
}

TEST(Explain, WhatWasNotToldDecides) {
  RuleConfig inside = rule("inside", Action::deny);
  inside.what.addresses = {*base::Cidr::parse("8.8.8.0/24")};
  RuleConfig programs = rule("programs", Action::deny);
  programs.what.content_types = {"application/x-exe"};
  RuleConfig images = rule("images", Action::allow);
  images.what.kinds = {ContentKind::image};
  RuleConfig large = rule("large", Action::deny);
  large.size_over = 100;
  RuleConfig posts = rule("posts", Action::deny);
  posts.what.methods = {"POST"};
  const auto concludes = [](const RuleSet& rules, Supposed supposed) {
    const Explanation explanation = explain(rules, supposed);
    std::string text = explanation.conclusion == Conclusion::allow  ? "allow"
                       : explanation.conclusion == Conclusion::deny ? "deny"
                                                                    : "depends";
    text += " at " + std::string(name_of(explanation.point));
    if (!explanation.missing.empty()) text += ": " + missing(explanation);
    return text;
  };
  const Question page = plain("a.test"), tunnel = connect("a.test");
  EXPECT_EQ(concludes(rule_set({inside}), {.question = page}), "depends at address: address");
  EXPECT_EQ(concludes(rule_set({inside}), {.question = tunnel}), "depends at address: address");
  EXPECT_EQ(
      concludes(rule_set({inside}), {.question = page, .addresses = {IpAddress::v4(8, 8, 8, 9)}}),
      "deny at address");
  EXPECT_EQ(concludes(rule_set({inside}),
                      {.question = tunnel, .addresses = {IpAddress::v4(93, 184, 216, 34)}}),
            "allow at server_name");
  RuleConfig sanctions = rule("sanctions", Action::deny);
  sanctions.what.countries = {"KP"};
  EXPECT_EQ(concludes(rule_set({sanctions}), {.question = page}), "depends at address: address")
      << "whoever tells the address has told the country";
  EXPECT_EQ(concludes(rule_set({programs, large}), {.question = page}),
            "depends at response: content_type size");
  EXPECT_EQ(concludes(rule_set({programs}), {.question = page, .content_type = "text/html"}),
            "allow at response");
  EXPECT_EQ(concludes(rule_set({programs}), {.question = tunnel}), "allow at server_name")
      << "no point of a tunnel knows it";
  EXPECT_EQ(concludes(rule_set({images}, false), {.question = page}), "depends at request: type");
  Question script = page;
  script.request.kinds = ContentKind::script;
  EXPECT_EQ(concludes(rule_set({images}, false), {.question = script}), "deny at request");
  Question image = page;
  image.request.kinds = ContentKind::image;
  EXPECT_EQ(concludes(rule_set({images}, false), {.question = image}), "allow at request");
  EXPECT_EQ(concludes(rule_set({images}), {.question = page}), "allow at response")
      << "whatever the type is, it is allowed";
  EXPECT_EQ(concludes(rule_set({posts}), {.question = tunnel}), "allow at server_name");
}

TEST(Explain, TheBuiltInGuardsStandInTheSameExplanation) {
  const RuleSet rules = rule_set({rule("all", Action::allow)});
  Question mail = plain("a.test");
  mail.port = 25;
  const Explanation port = explain(rules, {.question = mail});
  EXPECT_EQ(port.conclusion, Conclusion::deny);
  EXPECT_EQ(port.refusal->rule(), "blocked_ports");
  EXPECT_FALSE(port.rule);
  const IpAddress own = IpAddress::v4(10, 1, 2, 3), there = IpAddress::v4(93, 184, 216, 34);
  const Explanation denied = explain(rules, {.question = plain("a.test"), .addresses = {own}});
  EXPECT_EQ(denied.conclusion, Conclusion::deny);
  EXPECT_EQ(denied.point, Point::address);
  EXPECT_FALSE(denied.rule);
  const Explanation other =
      explain(rules, {.question = plain("a.test"), .addresses = {own, there}});
  EXPECT_EQ(other.conclusion, Conclusion::allow) << "Weir takes an address that is open";
  ASSERT_EQ(other.refused.size(), 1u);
  EXPECT_EQ(other.refused[0].address, own);
  EXPECT_EQ(other.address, there);
  Question pages = plain("weir.internal");
  pages.own = true;
  EXPECT_TRUE(explain(rule_set({rule("none", Action::deny)}), {.question = pages}).own);
}

TEST(Explain, ALimitThatIsUsedUpDenies) {
  RuleConfig daily = rule("daily", Action::limit);
  daily.bytes_per_day = 1000;
  RuleSet rules = rule_set({daily, rule("all", Action::allow)});
  const Supposed supposed{.question = plain("a.test")};
  EXPECT_EQ(explain(rules, supposed).conclusion, Conclusion::allow) << "nothing is counted";
  const auto usages = std::make_shared<Usages>();
  auto book = std::make_shared<Rulebook>(*rules.book);
  book->usages = usages;
  rules.book = book;
  const Explanation before = explain(rules, supposed);
  EXPECT_EQ(before.conclusion, Conclusion::allow);
  EXPECT_EQ(before.rule->name, "all");
  ASSERT_TRUE(before.limit);
  usages->of("daily", book->directory.account_of(supposed.question.request.client, ""))
      ->add(usages->day(), 1000);
  const Explanation after = explain(rules, supposed);
  EXPECT_EQ(after.conclusion, Conclusion::deny);
  EXPECT_EQ(after.point, Point::request);
  EXPECT_EQ(after.rule, before.limit);
  EXPECT_EQ(after.refusal->rule(), "daily");
}

/// What happens to a request about which everything is known, asked as traffic asks.
struct Traffic {
  struct Passes final : http::Stage {
    async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                     http::Next next) const override {
      return next(request);
    }
  };

  /// No more of the request than the rules ask that may hold for its host.
  static Question as_traffic_asks(const RuleSet& rules, Question question) {
    const FactSet needs = needs_of(*rules.book, who_asks(*rules.book, question), question.host);
    if (!needs.has(Fact::url)) question.request.path = {};
    if (!needs.has(Fact::method)) question.request.method = {};
    if (!needs.has(Fact::kind)) question.request.kinds = {};
    return question;
  }

  static bool lets_pass(const RuleSet& rules, const Supposed& supposed) {
    const Decided decided = decide(rules, as_traffic_asks(rules, supposed.question));
    if (!decided.decision) return false;
    const Decision& decision = **decided.decision;
    std::string names;
    for (const std::string_view each : supposed.aliases) names += std::string(each) + '\n';
    const base::Ref<const http::Aliases> aliases = base::make_ref<http::Aliases>(names);
    if (!decision.check_aliases(*aliases)) return false;
    const IpAddress& address = supposed.addresses.front();
    if (!decision.check_address(supposed.source, address, supposed.question.port)) return false;
    bool passes = false;
    http::FakeStages fake;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      request.exchange->peer = {address, supposed.question.port};
      request.exchange->peer_aliases = aliases;
      auto head = http::ResponseHead::make(200);
      if (!supposed.content_type->empty()) head->fields.add("Content-Type", *supposed.content_type);
      head->fields.add("Content-Length", std::to_string(*supposed.size));
      passes =
          decision.check_aliases(*aliases, address, *request.head, false).has_value() &&
          (supposed.question.connect
               ? decision.check_server_name(supposed.question.host, *request.exchange).has_value()
               : decision.check_response(*head, *request.exchange).has_value());
      return http::Response{.head = std::move(head)};
    };
    const auto& asked = supposed.question.request;
    fake.run(Passes(), supposed.question.connect ? "GET" : std::string(asked.method),
             "http://" + std::string(supposed.question.host) + std::string(asked.path),
             {{"Host", std::string(supposed.question.host)},
              {"Sec-Fetch-Dest", asked.kinds == ContentKind::image ? "image" : "script"}});
    return passes;
  }
};

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  bool one_in(unsigned n) { return random_() % n == 0; }
  template <class T>
  T any(std::initializer_list<T> values) {
    return values.begin()[random_() % values.size()];
  }

  RuleSet rules() {
    std::vector<RuleConfig> rules;
    for (unsigned i = 0; i < 1 + random_() % 5; ++i) rules.push_back(one_rule());
    return rule_set(rules, one_in(2));
  }
  Supposed supposed() {
    Question question =
        one_in(2) ? plain(any({"a.test", "ads.test"})) : connect(any({"a.test", "ads.test"}));
    if (!question.connect) {
      question.request.method = any({"GET", "POST"});
      question.request.kinds = any({ContentKind::image, ContentKind::script});
    }
    return {.question = question,
            .addresses = {address()},
            .aliases = one_in(3) ? std::vector<std::string_view>{"ads.test"}
                                 : std::vector<std::string_view>{},
            .content_type = any({"", "text/html", "image/png"}),
            .size = any<uint64_t>({1, 1000})};
  }
  IpAddress address() { return any({IpAddress::v4(93, 184, 216, 34), IpAddress::v4(8, 8, 8, 9)}); }

 private:
  RuleConfig one_rule() {
    RuleConfig made = rule("r", any({Action::allow, Action::deny, Action::deny}));
    made.audit = one_in(8);
    made.guard = made.action == Action::deny && one_in(6);
    if (one_in(4)) made.groups = {"kids"};
    if (one_in(3)) made.what.hosts = {site(any({"a.test", "ads.test", "*"}))};
    if (one_in(4))
      made.what.urls = {*match::UrlPattern::parse(any({"*://a.test/x", "*://*.test/*"}))};
    if (one_in(5)) made.what.kinds = {any({ContentKind::image, ContentKind::script})};
    if (made.action == Action::deny && one_in(8)) {
      made.action = Action::redirect;
      made.to = "http://a.test/x";
    }
    if (one_in(4)) made.what.methods = {any({"GET", "POST"})};
    if (one_in(4)) made.what.lists = {"ads"};
    if (one_in(3)) made.what.addresses = {*base::Cidr::parse(any({"8.8.8.0/24", "0.0.0.0/0"}))};
    if (one_in(4)) made.what.content_types = {any({"image/*", "text/html"})};
    if (one_in(5)) made.but_not.content_types = {any({"image/*", "text/html"})};
    if (one_in(5)) made.size_over = any<uint64_t>({100, 1});
    if (one_in(6)) made.sni_missing = true;
    return made;
  }
  std::mt19937 random_;
};

TEST(Explain, SaysWhatTrafficDoes) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    RandomRules random(seed);
    const RuleSet rules = random.rules();
    if (!rules.book) continue;
    const Supposed supposed = random.supposed();
    const Explanation explanation = explain(rules, supposed);
    ASSERT_NE(explanation.conclusion, Conclusion::depends) << "seed " << seed;
    ASSERT_EQ(explanation.conclusion == Conclusion::allow, Traffic::lets_pass(rules, supposed))
        << "seed " << seed;
  }
}

TEST(Explain, WhatItSaysOfAPartIsTrueOfTheWhole) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    RandomRules random(seed);
    const RuleSet rules = random.rules();
    if (!rules.book) continue;
    Supposed supposed = random.supposed();
    Supposed part = supposed;
    if (random.one_in(2)) part.addresses.clear();
    if (random.one_in(2)) part.question.request.kinds = {};
    if (random.one_in(2)) part.content_type.reset();
    if (random.one_in(2)) part.size.reset();
    const Conclusion conclusion = explain(rules, part).conclusion;
    if (conclusion == Conclusion::depends) continue;
    ASSERT_EQ(conclusion, explain(rules, supposed).conclusion) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir::policy
