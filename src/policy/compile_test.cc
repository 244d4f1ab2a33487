#include "policy/compile.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

struct OneHost final : Lists {
  Holds has(uint32_t list, const Facts& facts, ListHit& hit) const override {
    hit = {list, 1};
    return holds(list == 1 && facts.host == "ads.test");
  }
  std::string place_of(const ListHit&) const override { return {}; }
};
const OneHost kLists;

const Directory& directory() {
  static const Directory directory({{.name = "tablet", .groups = {"kids"}}, {.name = "tablet"}},
                                   {{.name = "guest"}});
  return directory;
}
const std::vector<ListName> kNames = {{"news", "news"}, {"one", "ads"}, {"two", "ads"}};

Compiled compiled(const RuleConfig& rule) {
  Compiled made = compile({rule}, {"weir.toml:3"}, directory(), kNames);
  made.table.ask_of(kLists);
  return made;
}
bool denies(const Compiled& made, std::string_view host, Who who = {}) {
  const Facts facts{.who = who, .host = host, .port = 80};
  return !evaluate(made.table, {facts, kLists}).allowed;
}

TEST(Compile, NamesBecomeNumbers) {
  const RuleConfig rule{.name = "r",
                        .listeners = {"guest"},
                        .clients = {"tablet"},
                        .users = {"ada"},
                        .groups = {"kids"},
                        .what = {.lists = {"news"}, .categories = {"ads"}},
                        .audit = true};
  const Compiled made = compiled(rule);
  EXPECT_TRUE(made.unknown.empty());
  ASSERT_EQ(made.table.rules.size(), 1u);
  const Rule& made_rule = made.table.rules[0];
  EXPECT_EQ(made_rule.place, "weir.toml:3");
  EXPECT_TRUE(made_rule.audit);
  EXPECT_FALSE(made_rule.condition.everyone);
  EXPECT_EQ(made_rule.condition.listeners, std::vector<uint32_t>{0});
  EXPECT_EQ(made_rule.condition.clients, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(made_rule.condition.users, std::vector<std::string>{"ada"});
  EXPECT_EQ(made_rule.condition.groups, directory().group_named("kids"));
  EXPECT_EQ(made_rule.condition.what.lists, (std::vector<uint32_t>{kNoList, 0, 1, 2}));
}

TEST(Compile, GuardsAreApart) {
  const Compiled made = compiled({.name = "r", .guard = true});
  EXPECT_EQ(made.table.guards.size(), 1u);
  EXPECT_TRUE(made.table.rules.empty());
}

TEST(Compile, ListsOfACategory) {
  const Compiled made = compiled({.name = "r", .what = {.categories = {"ads"}}});
  EXPECT_TRUE(denies(made, "ads.test"));
  EXPECT_FALSE(denies(made, "other.test"));
}

TEST(Compile, ARuleThatNamesNobodyOrNothingThatIsThereHoldsForNothing) {
  const Compiled nobody = compiled({.name = "r", .groups = {"gone"}});
  EXPECT_FALSE(denies(nobody, "a.test", {.groups = ~uint64_t{0}}));
  ASSERT_EQ(nobody.unknown.size(), 1u);
  EXPECT_EQ(nobody.unknown[0].key, "who.group");
  EXPECT_EQ(nobody.unknown[0].name, "gone");
  const Compiled nothing = compiled({.name = "r", .what = {.lists = {"gone"}}});
  EXPECT_FALSE(denies(nothing, "ads.test"));
  ASSERT_EQ(nothing.unknown.size(), 1u);
  EXPECT_EQ(nothing.unknown[0].key, "what.list");
  const Compiled not_list = compiled({.name = "r", .but_not = {.lists = {"gone"}}});
  EXPECT_TRUE(denies(not_list, "a.test")) << "nothing is subtracted";
}

}  // namespace
}  // namespace weir::policy
