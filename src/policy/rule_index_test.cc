#include "policy/rule_index.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::policy {
namespace {

Rule about(std::initializer_list<const char*> hosts, std::initializer_list<const char*> urls = {}) {
  Rule rule;
  for (const char* host : hosts)
    rule.condition.what.hosts.add(match::SitePattern::parse(host).value());
  for (const char* url : urls)
    rule.condition.what.urls.push_back(match::UrlPattern::parse(url).value());
  return rule;
}

/// The numbers of the candidates: "0 2".
std::string asked(const Table& table, std::string_view host, const Who& who = {}) {
  std::string numbers;
  RuleIndex(table).candidates(who, host).all(
      [&](size_t number) { numbers += (numbers.empty() ? "" : " ") + std::to_string(number); });
  return numbers;
}

TEST(RuleIndex, RulesAreFoundByTheNamesThatTheyHave) {
  Table table;
  table.guards = {about({"a.test"})};
  table.grants = {about({"=www.a.test"})};
  table.rules = {about({"*.b.test", "a.test"}), about({"*"}), about({"b.test", "*"})};
  table.presets = {about({"192.0.2.1", "2001:db8::1"})};
  EXPECT_EQ(asked(table, "a.test"), "0 2 3 4");
  EXPECT_EQ(asked(table, "www.a.test"), "0 1 2 3 4");
  EXPECT_EQ(asked(table, "a.b.test"), "2 3 4");
  EXPECT_EQ(asked(table, "aa.test"), "3 4");
  EXPECT_EQ(asked(table, "test"), "3 4");
  EXPECT_EQ(asked(table, ""), "3 4");
  EXPECT_EQ(asked(table, "192.0.2.1"), "3 4 5");
  EXPECT_EQ(asked(table, "2001:db8::1"), "3 4 5");
  EXPECT_EQ(asked(table, "x..a.test"), "0 2 3 4") << "as SitePatterns reads such a name";
}

TEST(RuleIndex, UrlsHaveHostsToo) {
  Table table;
  table.rules = {about({}, {"http://a.test/x", "https://*.b.test"}), about({}, {"http://*/x"}),
                 about({"c.test"}, {"http://*/x"}), about({"*"}, {"http://a.test/"})};
  EXPECT_EQ(asked(table, "a.test"), "0 1 3");
  EXPECT_EQ(asked(table, "www.b.test"), "0 1");
  EXPECT_EQ(asked(table, "c.test"), "1 2");
}

TEST(RuleIndex, RulesAreFoundByWhomTheyAreFor) {
  Table table;
  table.rules.resize(6);
  for (Rule& rule : table.rules) rule.condition.everyone = false;
  table.rules[0].condition.groups = 0b101;
  table.rules[1].condition.clients = {7};
  table.rules[2].condition.listeners = {3};
  table.rules[3].condition.users = {"ada"};
  table.rules[5].condition.groups = uint64_t{1} << 63;
  EXPECT_EQ(asked(table, "a.test"), "");
  EXPECT_EQ(asked(table, "a.test", {.groups = 0b100}), "0");
  EXPECT_EQ(asked(table, "a.test", {.groups = ~uint64_t{0}}), "0 5");
  EXPECT_EQ(asked(table, "a.test", {.client = {5, 7}, .clients = 2}), "1");
  EXPECT_EQ(asked(table, "a.test", {.client = {5, 7}, .clients = 1}), "");
  EXPECT_EQ(asked(table, "a.test", {.listener = 3}), "2");
  EXPECT_EQ(asked(table, "a.test", {.user = "ada"}), "3");
}

TEST(RuleIndex, ThousandsOfRules) {
  Table table;
  for (int i = 0; i < 3'000; ++i)
    table.rules.push_back(about({("s" + std::to_string(i) + ".test").c_str(), "all.test"}));
  EXPECT_EQ(asked(table, "www.s2999.test"), "2999");
  size_t all = 0;
  RuleIndex(table).candidates({}, "all.test").all([&](size_t number) { return number == all++; });
  EXPECT_EQ(all, 3'000u);
}

}  // namespace
}  // namespace weir::policy
