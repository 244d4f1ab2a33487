#include "config/list_checks.h"

#include <gtest/gtest.h>

#include "config/reader.h"

namespace weir::config {
namespace {

std::string mistakes_in(const char* text) {
  const auto config = read(text, "etc/weir.toml");
  return config ? std::string() : text_of(config.error());
}

TEST(ListChecks, PathsCountFromTheFile) {
  const auto config = read(R"([lists.ads]
paths = ["ads.txt", "/lists/more.txt"]
category = "ads"
[lists.own]
rules = [
  "example.com",
  "192.0.2.0/24",
]
)",
                           "etc/weir.toml");
  ASSERT_TRUE(config) << text_of(config.error());
  const lists::ListConfig& ads = config->lists.at("ads");
  EXPECT_EQ(ads.paths, (std::vector<std::string>{"etc/ads.txt", "/lists/more.txt"}));
  EXPECT_EQ(ads.path_places,
            (std::vector<std::string>{"etc/weir.toml:2:10", "etc/weir.toml:2:21"}));
  EXPECT_EQ(config->lists.at("own").rule_places,
            (std::vector<std::string>{"etc/weir.toml:6", "etc/weir.toml:7"}));
  const auto names = list_names(*config);
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].name, "ads");
  EXPECT_EQ(names[0].category, "ads");
}

TEST(ListChecks, Mistakes) {
  const struct {
    const char* text;
    const char* mistakes;
  } cases[] = {
      {"[lists.a]\ncategory = \"x\"\n",
       "etc/weir.toml:1:1: the list has neither paths nor urls nor rules; expected one of them\n"},
      {"[lists.\"a/b\"]\nrules = []\n",
       "etc/weir.toml:1:1: a list is called \"a/b\"; expected a name of at most 64 letters, "
       "digits, `-` and `_`\n"},
      {"[lists.a]\nrules = [\"a.test\",\n\"no list\"]\n",
       "etc/weir.toml:3:1: rules has \"no list\": it has several words, and is no line that is "
       "known; expected a line that a list may have, such as \"example.com\"\n"},
      {"[lists.a]\nrules = [\"@@||a.test^\"]\n",
       "etc/weir.toml:2:10: rules has \"@@||a.test^\": an exception of the ad-block syntax; "
       "expected a line that a list may have, such as \"example.com\"\n"},
      {"[lists.a]\nrules = [\"a.test\", \"lan\", \"# why\", \"0.0.0.0 b.test\", \"10.0.0.0/8\"]\n",
       ""},
      {"[lists.a]\nrules = []\n[[rule]]\nname = \"x\"\naction = \"deny\"\nwhat.list = [\"b\"]\n",
       "etc/weir.toml:6:14: what.list has \"b\", which nothing is called; expected a name that is "
       "given somewhere\n"},
      {"[lists.a]\nrules = []\ncategory = \"c\"\n[[rule]]\nname = \"x\"\naction = \"deny\"\n"
       "what.list = [\"a\"]\nwhat.category = [\"c\"]\n",
       ""},
  };
  for (const auto& c : cases) EXPECT_EQ(mistakes_in(c.text), c.mistakes) << c.text;
  EXPECT_NE(mistakes_in("[lists.a]\nrules = [\"a\\nb\"]\n").find("it is more than one line"),
            std::string::npos);
  EXPECT_NE(mistakes_in("[lists.a]\npaths = [\"\"]\n").find("it is empty"), std::string::npos);
}

}  // namespace
}  // namespace weir::config
