#include "policy/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/rule_index.h"

namespace weir::policy {
namespace {

/// List N has the host `listN.test`.
struct NumberedLists final : Lists {
  Holds has(uint32_t list, const Facts& facts, ListHit& hit) const override {
    hit = {list, 7};
    return holds(facts.host == "list" + std::to_string(list) + ".test");
  }
  std::string place_of(const ListHit& hit) const override {
    return "list" + std::to_string(hit.list) + ":" + std::to_string(hit.entry);
  }
};
const NumberedLists kLists;

match::SitePatterns hosts(std::initializer_list<const char*> texts) {
  match::SitePatterns patterns;
  for (const char* text : texts) patterns.add(*match::SitePattern::parse(text));
  return patterns;
}

Rule rule(const char* name, Action action, What what = {}) {
  Rule rule;
  rule.name = name;
  rule.action = action;
  rule.condition.what = std::move(what);
  rule.needs = rule.condition.needs(kLists);
  return rule;
}

Facts plain(std::string_view host, std::string_view path = "/") {
  return {.host = host, .port = 80, .https = false, .path = path, .method = "GET"};
}
Facts connect(std::string_view host) {
  return {.host = host, .port = 443};
}

std::string decided_by(const Outcome& outcome) {
  return std::string(outcome.allowed ? "allow " : "deny ") +
         (outcome.rule ? outcome.rule->name : "default");
}
std::string asked(const Table& table, const Facts& facts, bool paused = false) {
  Table asked = table;
  if (paused) asked.pauses.emplace_back();
  return decided_by(evaluate(asked, {.facts = facts, .lists = kLists}));
}

TEST(Table, WithoutRulesTheDefaultHolds) {
  Table table;
  EXPECT_EQ(asked(table, plain("a.test")), "allow default");
  table.allow_by_default = false;
  EXPECT_EQ(asked(table, plain("a.test")), "deny default");
}

TEST(Table, TheFirstRuleThatHoldsDecides) {
  Table table;
  table.rules.push_back(rule("work", Action::allow, {.hosts = hosts({"=mail.test"})}));
  table.rules.push_back(rule("mail", Action::deny, {.hosts = hosts({"mail.test"})}));
  table.rules.push_back(rule("again", Action::allow, {.hosts = hosts({"*"})}));
  EXPECT_EQ(asked(table, plain("mail.test")), "allow work");
  EXPECT_EQ(asked(table, plain("www.mail.test")), "deny mail");
  EXPECT_EQ(asked(table, plain("other.test")), "allow again");
}

TEST(Table, GuardsGoBeforeGrantsAndGrantsBeforeRules) {
  Table table;
  table.guards.push_back(rule("malware", Action::deny, {.lists = {1}}));
  table.grants.push_back(rule("grant", Action::allow, {.hosts = hosts({"*"})}));
  table.rules.push_back(rule("all", Action::deny));
  EXPECT_EQ(asked(table, plain("list1.test")), "deny malware");
  EXPECT_EQ(asked(table, plain("a.test")), "allow grant");
  table.grants.clear();
  EXPECT_EQ(asked(table, plain("a.test")), "deny all");
}

TEST(Table, AFilterTakesWhatItsListsHaveAndAPauseSkipsIt) {
  Table table;
  table.rules.push_back(rule("ads", Action::filter, {.lists = {1, 2}}));
  table.rules.push_back(rule("b", Action::deny, {.hosts = hosts({"b.test"})}));
  table.presets.push_back(rule("preset:adult", Action::filter, {.lists = {3}}));
  const Facts listed = plain("list2.test");
  const Outcome outcome = evaluate(table, {listed, kLists});
  EXPECT_EQ(decided_by(outcome), "deny ads");
  ASSERT_TRUE(outcome.hit);
  EXPECT_EQ(outcome.hit->list, 2u);
  EXPECT_EQ(outcome.hit->entry, 7u);
  EXPECT_EQ(asked(table, plain("list2.test"), true), "allow default");
  EXPECT_EQ(asked(table, plain("list3.test")), "deny preset:adult");
  EXPECT_EQ(asked(table, plain("b.test"), true), "deny b");
}

TEST(Table, WhatIsNotKnownYet) {
  Table table;
  table.allow_by_default = false;
  table.rules.push_back(rule("programs", Action::deny, {.content_types = {"application/x-exe"}}));
  table.rules.push_back(
      rule("read", Action::allow, {.hosts = hosts({"a.test"}), .methods = {"GET"}}));
  table.rules.push_back(rule("b", Action::allow, {.hosts = hosts({"b.test"})}));
  const Facts unopened = connect("a.test");
  const FactSet inside_only{Fact::url, Fact::method, Fact::content_type};
  Outcome outcome = evaluate(table, {.facts = unopened, .lists = kLists, .later = inside_only});
  EXPECT_EQ(decided_by(outcome), "deny default") << "as if the undecided allow were not there";
  EXPECT_EQ(outcome.undecided_allow, &table.rules[1]);
  EXPECT_TRUE(outcome.may_narrow);
  outcome = evaluate(table, {unopened, kLists});
  EXPECT_FALSE(outcome.undecided_allow) << "no later point will know the method";
  EXPECT_TRUE(outcome.may_narrow);
  EXPECT_EQ(asked(table, connect("b.test")), "allow b");
  Facts inside = plain("a.test");
  EXPECT_EQ(asked(table, inside), "allow read");
  inside.method = "POST";
  EXPECT_EQ(asked(table, inside), "deny default");
  Facts answered = plain("a.test");
  answered.content_type = "application/x-exe";
  outcome = evaluate(table, {answered, kLists});
  EXPECT_EQ(decided_by(outcome), "deny programs");
  EXPECT_FALSE(outcome.may_narrow);
}

TEST(Table, ATypeIsKnownOnceAllThatTheRequestMayBeForAgrees) {
  Table table;
  table.rules.push_back(
      rule("pages", Action::deny, {.kinds = {ContentKind::document, ContentKind::frame}}));
  table.rules.push_back(rule("no scripts", Action::deny));
  table.rules[1].condition.but_not.kinds = {ContentKind::script, ContentKind::image};
  const struct {
    std::optional<ContentKinds> kinds;
    const char* outcome;
    bool may_narrow;
  } cases[] = {
      {std::nullopt, "allow default", true},
      {ContentKind::document, "deny pages", false},
      {{{ContentKind::document, ContentKind::frame}}, "deny pages", false},
      {{{ContentKind::document, ContentKind::fetch}}, "deny no scripts", true},
      {ContentKind::fetch, "deny no scripts", false},
      {{{ContentKind::script, ContentKind::fetch}}, "allow default", true},
      {{{ContentKind::script, ContentKind::image}}, "allow default", false},
      {ContentKinds::all(), "allow default", true},
  };
  for (const auto& c : cases) {
    Facts facts = plain("a.test");
    facts.kinds = c.kinds;
    const Outcome outcome = evaluate(table, {facts, kLists});
    EXPECT_EQ(decided_by(outcome), c.outcome) << &c - cases;
    EXPECT_EQ(outcome.may_narrow, c.may_narrow) << &c - cases;
  }
}

TEST(Table, ARedirectLetsItsOwnUrlThrough) {
  Table table;
  table.rules.push_back(rule("portal", Action::redirect));
  table.rules[0].to = "http://portal.test/welcome";
  table.rules[0].itself = *match::UrlPattern::parse(table.rules[0].to);
  EXPECT_EQ(asked(table, plain("a.test")), "deny portal");
  EXPECT_EQ(asked(table, plain("portal.test", "/welcome")), "allow default");
  EXPECT_EQ(asked(table, plain("portal.test", "/other")), "deny portal");
  EXPECT_EQ(asked(table, connect("portal.test")), "deny portal") << "a redirect is no answer to it";
}

TEST(Table, AnAuditedRuleIsOnlyNoted) {
  Table table;
  table.rules.push_back(rule("soon", Action::deny, {.hosts = hosts({"a.test"})}));
  table.rules[0].audit = true;
  table.rules.push_back(rule("later", Action::deny));
  table.rules[1].audit = true;
  const Facts facts = plain("a.test");
  const Outcome outcome = evaluate(table, {facts, kLists});
  EXPECT_EQ(decided_by(outcome), "allow default");
  EXPECT_EQ(outcome.would, &table.rules[0]);
}

TEST(Table, TheFirstLimitIsTakenWhateverElseDecides) {
  Table table;
  table.rules.push_back(rule("a", Action::allow, {.hosts = hosts({"a.test"})}));
  table.rules.push_back(rule("slow", Action::limit));
  table.rules.push_back(rule("slower", Action::limit));
  const Facts facts = plain("a.test");
  const Outcome outcome = evaluate(table, {facts, kLists});
  EXPECT_EQ(decided_by(outcome), "allow a");
  EXPECT_EQ(outcome.limit, &table.rules[1]);
}

TEST(Table, TheFirstRuleAboutOpeningIsTakenWhateverElseDecides) {
  Table table;
  table.rules.push_back(rule("no", Action::deny, {.hosts = hosts({"a.test"})}));
  table.rules.push_back(rule("would", Action::tunnel));
  table.rules.push_back(rule("open", Action::open));
  table.rules.push_back(rule("tunnel", Action::tunnel));
  table.rules[1].audit = true;
  const Facts facts = connect("a.test");
  const Outcome outcome = evaluate(table, {.facts = facts, .lists = kLists, .opening = true});
  EXPECT_EQ(decided_by(outcome), "deny no");
  EXPECT_EQ(outcome.opening, &table.rules[2]);
  EXPECT_EQ(outcome.would_opening, &table.rules[1]);
  EXPECT_EQ(outcome.would, nullptr);
  const Outcome plainly = evaluate(table, {.facts = facts, .lists = kLists});
  EXPECT_EQ(plainly.opening, nullptr) << "as of a plain request";
  EXPECT_EQ(plainly.would_opening, nullptr);
}

TEST(Table, WhoAndWhen) {
  Table table;
  table.rules.push_back(rule("kids", Action::deny));
  table.rules[0].condition.everyone = false;
  table.rules[0].condition.groups = 0b10;
  table.rules[0].when.add(Hours::parse("mon-fri", "21:00", "06:30").value());
  table.rules.push_back(rule("guests", Action::deny));
  table.rules[1].condition.everyone = false;
  table.rules[1].condition.listeners = {3};
  table.rules[1].condition.users = {"eve"};
  table.rules[1].condition.clients = {8};
  Facts facts = plain("a.test");
  facts.who.groups = 0b110;
  facts.now = parse_local_time("mon 23:00").value();
  EXPECT_EQ(asked(table, facts), "deny kids");
  facts.now = parse_local_time("mon 20:00").value();
  EXPECT_EQ(asked(table, facts), "allow default");
  facts.who.groups = 0b1;
  facts.now = parse_local_time("mon 23:00").value();
  EXPECT_EQ(asked(table, facts), "allow default");
  facts.who.user = "eve";
  EXPECT_EQ(asked(table, facts), "deny guests");
  facts.who = {.client = {5, 8}, .clients = 2};
  EXPECT_EQ(asked(table, facts), "deny guests");
  facts.who = {.listener = 3};
  EXPECT_EQ(asked(table, facts), "deny guests");
}

/// Random tables over few values, so that rules meet each other often.
class Random {
 public:
  explicit Random(unsigned seed) : generator_(seed) {}
  unsigned below(unsigned most) { return static_cast<unsigned>(generator_() % most); }
  bool one_in(unsigned n) { return below(n) == 0; }

  Condition condition() {
    static const char* const kPatterns[] = {"a.test", "=a.test", "*.a.test", "test", "*", "b.test"};
    Condition made;
    if (one_in(2)) made.what.hosts = hosts({kPatterns[below(6)]});
    if (one_in(4)) made.what.ports = {static_cast<uint16_t>(one_in(2) ? 80 : 443)};
    if (one_in(3)) made.what.methods = {one_in(2) ? "GET" : "POST"};
    if (one_in(4)) made.what.content_types = {one_in(2) ? "text/html" : "image/*"};
    if (one_in(4)) made.what.kinds = some_kinds();
    if (one_in(5)) made.what.urls = some_urls();
    if (one_in(3)) add_some(made);
    if (made.what.kinds.empty() && one_in(5)) made.but_not.kinds = ContentKind::document;
    if (made.what.hosts.empty() && one_in(4)) made.but_not.hosts = hosts({kPatterns[below(4)]});
    return made;
  }
  Rule rule(Action action) {
    Rule made;
    made.action = action;
    made.condition = condition();
    made.audit = one_in(8);
    made.needs = made.condition.needs(kLists);
    return made;
  }
  Table table() {
    static constexpr Action kActions[] = {Action::allow, Action::deny, Action::redirect,
                                          Action::limit, Action::open, Action::tunnel};
    Table made;
    made.allow_by_default = one_in(2);
    for (unsigned i = below(3); i > 0; --i) made.guards.push_back(rule(Action::deny));
    for (unsigned i = below(2); i > 0; --i) made.grants.push_back(rule(Action::allow));
    for (unsigned i = below(6); i > 0; --i) made.rules.push_back(rule(kActions[below(6)]));
    return made;
  }
  Facts facts() {
    static const char* const kHosts[] = {"a.test", "x.a.test", "b.test", "other"};
    Facts made = plain(kHosts[below(4)]);
    made.port = one_in(2) ? 80 : 443;
    made.who.groups = below(4);
    made.who.listener = below(2);
    made.who.clients = static_cast<uint8_t>(below(3));
    for (unsigned i = 0; i < made.who.clients; ++i) made.who.client[i] = below(4);
    if (one_in(2)) made.who.user = one_in(2) ? "ada" : "bob";
    made.method = one_in(2) ? "GET" : "POST";
    made.content_type = one_in(2) ? "text/html" : "image/png";
    made.kinds = one_in(2) ? ContentKind::document : ContentKind::frame;
    return made;
  }
  std::vector<match::UrlPattern> some_urls() {
    static const char* const kUrls[] = {"http://a.test:*/", "http://*.a.test:*", "http://*:*/no",
                                        "https://a.test"};
    std::vector<match::UrlPattern> made;
    for (unsigned i = 1 + below(2); i > 0; --i)
      made.push_back(match::UrlPattern::parse(kUrls[below(4)]).value());
    return made;
  }
  /// Whom the condition is for: perhaps nobody.
  void add_some(Condition& to) {
    to.everyone = false;
    if (one_in(2)) to.groups = below(4);
    if (one_in(4)) to.users = {"ada"};
    if (one_in(4)) to.clients = {1, 2};
    if (one_in(4)) to.listeners = {1};
  }
  ContentKinds some_kinds() {
    ContentKinds made;
    const unsigned bits = 1 + below(7);
    for (unsigned i = 0; i < 3; ++i) {
      if ((bits >> i & 1) != 0) made.add(static_cast<ContentKind>(i));
    }
    return made;
  }

 private:
  std::mt19937 generator_;
};

bool obviously_meant(const Condition& c, const Who& who) {
  const auto has = [](const auto& values, const auto& value) {
    return std::ranges::find(values, value) != values.end();
  };
  return (c.groups & who.groups) != 0 || has(c.users, who.user) || has(c.listeners, who.listener) ||
         std::ranges::any_of(who.all_clients(),
                             [&](auto client) { return has(c.clients, client); });
}

/// What a rule's text says, without tricks, for facts that are all known.
bool obviously_holds(const Rule& rule, const Facts& facts) {
  const Condition& c = rule.condition;
  const auto any = [](const auto& values, auto has) {
    return values.empty() || std::ranges::any_of(values, has);
  };
  if (!c.everyone && !obviously_meant(c, facts.who)) return false;
  const match::UrlParts url{false, facts.host, facts.port, *facts.path};
  if (!any(c.what.urls, [&](const auto& pattern) { return pattern.matches(url); })) return false;
  if (!c.what.hosts.empty() && !c.what.hosts.matches(facts.host, false)) return false;
  if (!any(c.what.ports, [&](uint16_t port) { return port == facts.port; })) return false;
  if (!any(c.what.methods, [&](const auto& method) { return method == *facts.method; }))
    return false;
  if (!any(c.what.content_types, [&](const std::string& type) {
        return type == *facts.content_type ||
               (type == "image/*" && facts.content_type->starts_with("image/"));
      }))
    return false;
  const ContentKind kind = facts.kinds->only().value();
  if (!c.what.kinds.empty() && !c.what.kinds.has(kind)) return false;
  if (c.but_not.kinds.has(kind)) return false;
  return c.but_not.hosts.empty() || !c.but_not.hosts.matches(facts.host, false);
}

/// The first rule of some actions that holds, or null.
const Rule* obviously_first(const Table& table, const Facts& facts,
                            std::initializer_list<Action> actions) {
  for (const auto* rules : {&table.guards, &table.grants, &table.rules}) {
    for (const Rule& rule : *rules) {
      if (!rule.audit && std::ranges::find(actions, rule.action) != actions.end() &&
          obviously_holds(rule, facts))
        return &rule;
    }
  }
  return nullptr;
}

bool obviously_allowed(const Table& table, const Facts& facts) {
  const Rule* const rule =
      obviously_first(table, facts, {Action::allow, Action::deny, Action::redirect});
  return rule ? rule->action == Action::allow : table.allow_by_default;
}

TEST(Table, AGuardDoubtsWhatTheClientSaysOfTheType) {
  struct Case {
    std::optional<ContentKinds> told;
    std::optional<std::string_view> content_type;
    const char *no_scripts, *images_alone;
    bool may_narrow;
  };
  const Case cases[] = {
      {ContentKind::script, std::nullopt, "deny guard", "deny guard", false},
      {ContentKind::image, std::nullopt, "allow default", "allow default", true},
      {ContentKind::image, "image/png", "allow default", "allow default", false},
      {ContentKind::image, "text/javascript", "deny guard", "deny guard", false},
      {ContentKind::image, "application/octet-stream", "allow default", "allow default", false},
      {ContentKind::fetch, "text/javascript", "deny guard", "deny guard", false},
      {ContentKind::script, "image/png", "deny guard", "deny guard", false},
      {std::nullopt, std::nullopt, "allow default", "allow default", true},
  };
  for (const Case& c : cases) {
    Facts facts = plain("a.test");
    facts.kinds = c.told;
    facts.content_type = c.content_type;
    Table table;
    table.guards.push_back(rule("guard", Action::deny, {.kinds = ContentKind::script}));
    table.guards[0].condition.what.doubts_client = true;
    EXPECT_EQ(decided_by(evaluate(table, {facts, kLists})), c.no_scripts) << *c.content_type;
    if (*c.no_scripts == 'a') EXPECT_EQ(evaluate(table, {facts, kLists}).may_narrow, c.may_narrow);
    table.guards[0] = rule("guard", Action::deny);
    table.guards[0].condition.but_not = {.kinds = ContentKind::image, .doubts_client = true};
    EXPECT_EQ(decided_by(evaluate(table, {facts, kLists})), c.images_alone);
  }
}

TEST(TableProperty, ItSaysWhatItsRulesSayOneByOneWithAnIndexAndWithout) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Table table = random.table();
    const RuleIndex index(table);
    const Facts facts = random.facts();
    const bool opening = random.one_in(2);
    const Outcome outcome = evaluate(table, {.facts = facts, .lists = kLists, .opening = opening});
    ASSERT_EQ(outcome.allowed, obviously_allowed(table, facts)) << i;
    ASSERT_EQ(outcome.limit, obviously_first(table, facts, {Action::limit})) << i;
    const Rule* const opens = obviously_first(table, facts, {Action::open, Action::tunnel});
    ASSERT_EQ(outcome.opening, opening ? opens : nullptr) << i;
    const RuleNumbers few = index.candidates(facts.who, facts.host);
    ASSERT_EQ(
        evaluate(table, {.facts = facts, .lists = kLists, .opening = opening, .candidates = &few}),
        outcome)
        << i;
  }
}

TEST(TableProperty, ADenyRuleAboveNeverAllowsMore) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const Table before = random.table();
    Table after = before;
    auto& rules = random.one_in(2) ? after.rules : after.guards;
    rules.insert(rules.begin(), random.rule(random.one_in(2) ? Action::deny : Action::filter));
    const Facts facts = random.facts();
    if (evaluate(after, {facts, kLists}).allowed)
      ASSERT_TRUE(evaluate(before, {facts, kLists}).allowed) << i;
  }
}

/// Facts of which some are not known, and all that they may turn out to be.
TEST(TableProperty, WhatIsSaidBeforeAllIsKnownHoldsForAllThatMayCome) {
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    const Table table = random.table();
    Facts known = random.facts();
    const bool method = random.one_in(2), type = random.one_in(2), kind = random.one_in(2);
    Facts partly = known;
    if (!method) partly.method.reset();
    if (!type) partly.content_type.reset();
    if (!kind) partly.kinds.reset();
    // The request may be for either, or for what the rules do not speak of as well.
    const bool set = random.one_in(2);
    if (!kind && set) partly.kinds = {ContentKind::document, ContentKind::frame};
    if (!kind && set && random.one_in(2)) partly.kinds->add(ContentKind::script);
    const FactSet later{Fact::method, Fact::content_type, Fact::kind};
    const Outcome outcome = evaluate(table, {.facts = partly, .lists = kLists, .later = later});
    const RuleIndex index(table);
    const RuleNumbers few = index.candidates(partly.who, partly.host);
    ASSERT_EQ(
        evaluate(table, {.facts = partly, .lists = kLists, .later = later, .candidates = &few}),
        outcome)
        << i;
    for (unsigned way = 0; way < 8; ++way) {
      if (!method) known.method = (way & 1) != 0 ? "GET" : "POST";
      if (!type) known.content_type = (way & 2) != 0 ? "text/html" : "image/png";
      if (!kind) known.kinds = (way & 4) != 0 ? ContentKind::document : ContentKind::frame;
      const bool allowed = obviously_allowed(table, known);
      if (outcome.allowed && !outcome.may_narrow) ASSERT_TRUE(allowed) << i;
      if (!outcome.allowed && !outcome.undecided_allow) ASSERT_FALSE(allowed) << i;
    }
  }
}

}  // namespace
}  // namespace weir::policy
