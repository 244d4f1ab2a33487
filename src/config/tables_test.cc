#include "config/tables.h"

#include <gtest/gtest.h>

#include <map>

#include "config/reference.h"

namespace weir::config {
namespace {

// Structs with several tables of each form, as a folder of the program could own them.
struct Rule {
  std::string to;
  uint64_t wait_ms = 1000;
  std::vector<uint16_t> ports;
  std::string host;
  uint32_t depth = 0;
};
struct List {
  std::string file;
  uint32_t most = 7;
};
struct Root {
  bool on = false;
  std::vector<Rule> rules;
  std::map<std::string, List> lists;
};

constexpr base::Setting<Root> kRootKeys[] = {
    {.name = "on", .kind = Kind::flag, .member = &Root::on, .doc = "Whether."},
};
constexpr base::Setting<Rule> kRuleKeys[] = {
    {.table = "rule",
     .name = "to",
     .kind = Kind::token,
     .member = &Rule::to,
     .required = true,
     .doc = "Where to."},
    {.table = "rule",
     .name = "wait",
     .kind = Kind::duration,
     .member = &Rule::wait_ms,
     .most = base::kHour,
     .doc = "How long."},
    {.table = "rule",
     .name = "ports",
     .kind = Kind::ports,
     .member = &Rule::ports,
     .most = 65535,
     .doc = "Which ports."},
    {.table = "rule",
     .name = "what.host",
     .kind = Kind::token,
     .member = &Rule::host,
     .doc = "Which host."},
    {.table = "rule",
     .name = "what.of.depth",
     .kind = Kind::number,
     .member = &Rule::depth,
     .most = 9,
     .doc = "How deep."},
};
constexpr base::Setting<List> kListKeys[] = {
    {.table = "lists",
     .name = "file",
     .kind = Kind::path,
     .member = &List::file,
     .required = true,
     .doc = "Which file."},
    {.table = "lists",
     .name = "most",
     .kind = Kind::number,
     .member = &List::most,
     .most = 100,
     .doc = "How many."},
};

std::vector<Key> test_keys() {
  std::vector<Key> keys;
  add_keys(keys, std::span<const base::Setting<Root>>(kRootKeys));
  add_keys(keys, std::span<const base::Setting<Rule>>(kRuleKeys));
  add_keys(keys, std::span<const base::Setting<List>>(kListKeys));
  return keys;
}

const Schema& schema() {
  static const Schema schema(
      "",
      {{.name = "rule", .doc = "A rule.", .tables = array_of(&Root::rules)},
       {.name = "lists", .doc = "A list.", .tables = named_tables(&Root::lists)}},
      test_keys());
  return schema;
}

/// Texts, read as the files f0, f1 and so on of one configuration.
struct Reading {
  explicit Reading(std::initializer_list<const char*> texts, Root initial = {})
      : root(std::move(initial)) {
    TableReader reader(schema(), Object(root), sources, mistakes);
    for (const char* text : texts) {
      const auto parsed = toml::parse(text);
      EXPECT_TRUE(parsed) << text;
      const uint32_t number = mistakes.add_file('f' + std::to_string(files++));
      reader.read(parsed.table(), number);
    }
    reader.find_missing();
  }
  std::string said() && { return text_of(std::move(mistakes).in_order()); }

  Root root;
  Sources sources;
  Mistakes mistakes;
  int files = 0;
};

TEST(Tables, OfAnArrayAndOfAMap) {
  Reading read({R"(
on = true
[[rule]]
to = "a"
wait = "5s"
[[rule]]
to = "b"
ports = [443, 80]
[lists.ads]
file = "/ads"
[lists."two words"]
file = "/two"
most = 3
)"});
  EXPECT_TRUE(read.root.on);
  ASSERT_EQ(read.root.rules.size(), 2u);
  EXPECT_EQ(read.root.rules[0].to, "a");
  EXPECT_EQ(read.root.rules[0].wait_ms, 5000u);
  EXPECT_EQ(read.root.rules[1].wait_ms, 1000u);
  EXPECT_EQ(read.root.rules[1].ports, (std::vector<uint16_t>{80, 443}));
  ASSERT_EQ(read.root.lists.size(), 2u);
  EXPECT_EQ(read.root.lists["ads"].most, 7u);
  EXPECT_EQ(read.root.lists["two words"].file, "/two");
  EXPECT_EQ(read.root.lists["two words"].most, 3u);
  EXPECT_EQ(std::move(read).said(), "");
}

TEST(Tables, KeysWithDotsAreTablesWithinATable) {
  for (const char* text :
       {"[[rule]]\nto = \"a\"\nwhat = { host = \"h\", of = { depth = 3 } }",
        "[[rule]]\nto = \"a\"\nwhat.host = \"h\"\nwhat.of.depth = 3",
        "[[rule]]\nto = \"a\"\n[rule.what]\nhost = \"h\"\n[rule.what.of]\ndepth = 3"}) {
    Reading read({text});
    ASSERT_EQ(read.root.rules.size(), 1u) << text;
    EXPECT_EQ(read.root.rules[0].host, "h");
    EXPECT_EQ(read.root.rules[0].depth, 3u);
    EXPECT_NE(Sources::find(read.sources.tables("rule")[0], "what.host"), nullptr);
    EXPECT_EQ(std::move(read).said(), "");
  }
}

TEST(Tables, OfAFileReplaceTheDefaultOnes) {
  Root initial;
  initial.rules.resize(3);
  initial.lists["default"].file = "/default";
  EXPECT_EQ(Reading({"on = true"}, initial).root.rules.size(), 3u);
  EXPECT_EQ(Reading({"on = true"}, initial).root.lists.size(), 1u);
  const Reading read({"[[rule]]\nto = \"a\"", "[[rule]]\nto = \"b\"\n[lists.own]\nfile = \"/own\""},
                     initial);
  ASSERT_EQ(read.root.rules.size(), 2u);
  EXPECT_EQ(read.root.rules[0].to, "a");
  EXPECT_EQ(read.root.rules[1].to, "b");
  EXPECT_EQ(read.root.lists.size(), 1u);
  EXPECT_TRUE(read.root.lists.contains("own"));
}

TEST(Tables, MistakesNameTheTable) {
  const struct {
    const char *text, *expected;
  } cases[] = {
      {"[[rule]]\nto = \"a\"\nwiat = \"5s\"",
       "f0:3:1: unknown key \"wiat\"; expected a key of [[rule]]; the nearest one is wait\n"},
      {"[[rule]]\nto = \"a\"\n[[rule]]\nwait = \"1s\"",
       "f0:3:1: [[rule]] has no to; expected a word of letters, digits and `-._~!#$%&'*+^|`\n"},
      {"[rule]\nto = \"a\"",
       "f0:1:2: rule is a table; expected tables, each begun by a line [[rule]]\n"},
      {"[lists.ads]\nfile = \"/x\"\nfiel = \"/x\"",
       "f0:3:1: unknown key \"fiel\"; expected a key of [lists.ads]; the nearest one is file\n"},
      {"[lists.\"two words\"]\nmost = 1",
       "f0:1:1: [lists.\"two words\"] has no file; expected the absolute path of a file such as "
       "\"/run/weir/control\"\n"},
      {"[[lists]]\nfile = \"/x\"",
       "f0:1:3: lists is a list; expected tables, each begun by a line [lists.NAME]\n"},
      {"[lists]\nfile = \"/x\"",
       "f0:2:8: file is \"/x\"; expected a table, written as [lists.file]\n"},
      {"[[rule]]\nto = \"a\"\nwhat = { hots = \"h\" }",
       "f0:3:10: unknown key \"what.hots\"; expected a key of [[rule]]; the nearest one is "
       "what.host\n"},
      {"[[rule]]\nto = \"a\"\nwhat = \"h\"",
       "f0:3:8: what is \"h\"; expected a table of its keys\n"},
      {"[[rule]]\nto = \"a\"\nwhat = { of = { depth = 10 } }",
       "f0:3:25: what.of.depth is 10; expected a whole number from 0 to 9\n"},
      {"most = 3",
       "f0:1:1: unknown key \"most\"; expected a known key or table; the nearest one is most in "
       "[lists.NAME]\n"},
      {"[list.x]",
       "f0:1:2: unknown key \"list\"; expected a known key or table; the nearest one is "
       "[lists.NAME]\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(Reading({c.text}).said(), c.expected) << c.text;
}

TEST(Tables, EveryValueHasAPlace) {
  const Reading read({"on = true", R"([[rule]]
to = "a"
[[rule]]
to = "b"
ports = [
  80, 70000,
  443,
]
[lists.ads]
file = "/ads"
)"});
  EXPECT_EQ(read.sources.find("", "on")->at, (Place{0, {1, 6}}));
  EXPECT_EQ(read.sources.find("", "off"), nullptr);
  EXPECT_EQ(read.sources.find("elsewhere", "on"), nullptr);
  const auto rules = read.sources.tables("rule");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[1].at, (Place{1, {3, 1}}));
  EXPECT_EQ(Sources::find(rules[0], "ports"), nullptr);
  const ValueSource* const ports = Sources::find(rules[1], "ports");
  ASSERT_NE(ports, nullptr);
  EXPECT_EQ(ports->at, (Place{1, {5, 9}}));
  EXPECT_EQ(ports->elements, (std::vector<Place>{{1, {6, 3}}, {1, {7, 3}}}));
  const auto lists = read.sources.tables("lists");
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0].name, "ads");
  EXPECT_EQ(Sources::find(lists[0], "file")->at, (Place{1, {10, 8}}));
}

TEST(Tables, ThatAreNotThereByDefaultAreShownAsComments) {
  Root root;
  const std::string text = commented_defaults(schema(), Object(root));
  EXPECT_NE(text.find("\non = false\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n# A rule.\n# [[rule]]\n#\n# # Where to.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n# [lists.NAME]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n# most = 7\n"), std::string::npos) << text;
  const Reading read({text.c_str()});
  EXPECT_TRUE(read.root.rules.empty() && read.root.lists.empty());
}

}  // namespace
}  // namespace weir::config
