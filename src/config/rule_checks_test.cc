#include "config/rule_checks.h"

#include <gtest/gtest.h>

#include "config/reader.h"

namespace weir::config {
namespace {

std::string said(std::string_view text) {
  const auto config = read(text, "f");
  return config ? "" : text_of(config.error());
}

TEST(Rules, AsTheOwnerWritesThem) {
  const auto config = read(R"(
[policy]
default = "deny"
[[client]]
name = "tablet"
addresses = ["192.0.2.7"]
groups = ["kids"]
[[rule]]
name = "kids: games after homework"
who = { group = ["kids"], client = ["tablet"] }
when = { days = "mon-fri", from = "16:00", to = "18:30" }
what = { host = ["roblox.com", "=x.test"], method = ["get"], not_port = [25] }
action = "allow"
[[rule]]
name = "nights"
when = ["every day 21:00-06:30", "sat,sun 12:00-14:00"]
what.url = ["https://h.test/a/*"]
action = "deny"
mode = "audit"
)",
                           "f");
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_FALSE(config->policy.allow_by_default);
  ASSERT_EQ(config->rules.size(), 2u);
  const policy::RuleConfig& games = config->rules[0];
  EXPECT_EQ(games.place, "f:8");
  EXPECT_EQ(games.when.text(), "mon-fri 16:00-18:30");
  EXPECT_EQ(games.what.methods, std::vector<std::string>{"GET"});
  EXPECT_EQ(games.but_not.ports, std::vector<uint16_t>{25});
  EXPECT_EQ(games.action, policy::Action::allow);
  EXPECT_EQ(config->rules[1].when.text(), "every day 21:00-06:30, sat,sun 12:00-14:00");
  EXPECT_TRUE(config->rules[1].audit);
}

TEST(Rules, WhatIsAllowedAndNotMeantHasItsPlace) {
  std::vector<std::string> remarks;
  const char* const shadowed = R"([[rule]]
name = "a"
action = "deny"
[[rule]]
name = "b"
what.host = ["b.test"]
action = "allow"
)";
  const auto config = read(shadowed, "f", &remarks);
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_EQ(remarks,
            (std::vector<std::string>{
                "f:4: rule \"b\" never decides: rule \"a\" (f:1) is asked before it, and has all "
                "that it has",
                "f:4: rule \"b\" allows, and policy.default is not written: what no rule has is "
                "allowed too; write default = \"deny\" or default = \"allow\" into [policy]"}));
  ASSERT_TRUE(read("[policy]\ndefault = \"allow\"\n[[rule]]\nname = \"b\"\naction = \"allow\"\n",
                   "f", &remarks));
  EXPECT_TRUE(remarks.empty());
}

TEST(Rules, MistakesHaveTheirPlace) {
  const struct {
    const char *text, *said;
  } cases[] = {
      {"[[rule]]\naction = \"deny\"",
       "f:1:1: [[rule]] has no name; expected a name such as \"kids: bedtime\"\n"},
      {"[[rule]]\nname = \"\"\naction = \"deny\"", "f:2:8: name is empty; expected a name\n"},
      {"[[rule]]\nname = \"a\"\nwhat = { not_country = [\"ch\"] }\naction = \"deny\"",
       "f:3:24: what.not_country is there, and nothing tells countries; expected geo in [policy], "
       "with the path of a file such as GeoLite2-Country.mmdb\n"},
      {"[[client]]\nname = \"\"", "f:2:8: name is empty; expected a name\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\n[[rule]]\nname = \"a\"\naction = \"deny\"",
       "f:5:8: name is \"a\", as in f:2:8; expected another name for each rule\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nwhat = { host = [] }",
       "f:4:17: what.host is []; expected at least one, or no such key: it then has all\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nwho.group = []\nwhen = []",
       "f:4:13: who.group is []; expected at least one, or no such key: it then has all\n"
       "f:5:8: when is []; expected at least one, or no such key: it then has all\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nwho = { group = [\"kids\"] }",
       "f:4:18: who.group has \"kids\", which nothing is called; expected a name that is given "
       "somewhere\n"},
      {"[[rule]]\nname = \"a\"\naction = \"filter\"",
       "f:3:10: action is \"filter\", and what has no list; expected lists whose verdict is taken, "
       "such as what = { category = [\"ads\"] }\n"},
      {"[[rule]]\nname = \"a\"\naction = \"allow\"\nguard = true",
       "f:4:9: guard is true where action is \"allow\"; expected a guard that denies: it closes "
       "what nothing opens again\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nwhen = { from = \"25:00\" }",
       "f:4:17: \"25:00\" is no time of day, such as 16:00; expected days such as \"mon-fri\", and "
       "times such as \"16:00\"\n"},
      {"[[rule]]\nname = \"a\"\naction = \"parent\"",
       "f:3:10: action is \"parent\": it comes with a later version; expected \"allow\", "
       "\"deny\", \"filter\", \"redirect\", \"limit\", \"open\" or \"tunnel\"\n"},
      {"[[rule]]\nname = \"a\"\naction = \"open\"\nguard = true",
       "f:4:9: guard is true where action is \"open\"; expected a guard that denies: it closes "
       "what nothing opens again\n"},
      {"[[rule]]\nname = \"a\"\naction = \"tunnel\"\non_reject = \"deny\"",
       "f:4:13: on_reject is there where action is not \"open\"; expected on_reject in rules that "
       "open, or in [intercept]\n"},
      {"[[rule]]\nname = \"a\"\naction = \"tunnel\"\nwhat = { method = [\"GET\"] }",
       "f:4:19: what.method is there where action is \"tunnel\"; expected host, port, list and "
       "category alone: nothing else is known in time\n"},
      {"[[rule]]\nname = \"a\"\naction = \"open\"\nwhat.not_address = [\"10.0.0.0/8\"]",
       "f:4:20: what.not_address is there where action is \"open\"; expected host, port, list and "
       "category alone: nothing else is known in time\n"},
      {"[intercept]\nmode = \"all\"",
       "f:2:8: mode is \"all\"; expected \"off\", \"only\" or \"all-but\"\n"},
      {"[intercept]\nbypass_kinds = [\"pinned\", \"banks\"]",
       "f:2:27: bypass_kinds is \"banks\": there is no kind of that name; expected a list of some "
       "of \"platform\", \"pinned\", \"client-certificate\", \"finance\", \"health\"\n"},
      {"[intercept]\non_reject = \"\"",
       "f:2:13: on_reject is \"\"; expected \"tunnel\" or \"deny\"\n"},
      {"[[rule]]\nname = \"a\"\naction = \"redirect\"\n",
       "f:3:10: action is \"redirect\", and there is no `to`; expected both or none\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nto = \"http://a.test/\"\n",
       "f:4:6: there is a `to` where action is not \"redirect\"; expected both or none\n"},
      {"[[rule]]\nname = \"a\"\naction = \"redirect\"\nto = \"ftp://a.test/\"\n",
       "f:4:6: to is \"ftp://a.test/\"; expected a URL such as \"https://example.com/sorry\"\n"},
      {"[[rule]]\nname = \"a\"\naction = \"deny\"\nwhat = { hots = [\"x\"] }",
       "f:4:10: unknown key \"what.hots\"; expected a key of [[rule]]; the nearest one is "
       "what.host\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(said(c.text), c.said) << c.text;
}

}  // namespace
}  // namespace weir::config
