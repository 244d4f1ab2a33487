#include "config/key_depth.h"

#include <gtest/gtest.h>

#include <string>

#include "config/reader.h"

namespace weir::config {
namespace {

std::string dotted(int parts) {
  std::string key = "a";
  while (--parts > 0) key += ".a";
  return key;
}

TEST(KeyDepth, OnlyTheDotsOfKeysCount) {
  const std::string deepest = dotted(kDeepestKey), deeper = dotted(kDeepestKey + 1);
  for (const std::string& text :
       {deepest + " = 1\n" + deepest + "b = 2", "[" + deepest + "]\n" + deepest + " = 1",
        "x = {" + deepest + " = 1, " + deepest + "b = 2}", "# " + deeper, "x = \"" + deeper + "\"",
        "x = '" + deeper + "'", "x = \"\"\"\n\"" + deeper + "\n\\\"\"\" " + deeper + "\"\"\"",
        "x = '''\n'" + deeper + "'''", "x = \"\\\"" + deeper + "\"",
        std::string("x = [1.5, 1.5, 1.5]"), std::string("x = \""), std::string("x = \"\\"),
        std::string()}) {
    EXPECT_FALSE(too_deep_key(text)) << text;
  }
}

TEST(KeyDepth, TheFirstPartTooManyIsNamed) {
  const std::string deeper = dotted(kDeepestKey + 1);
  const auto column = static_cast<uint32_t>(2 * kDeepestKey);
  EXPECT_EQ(too_deep_key(deeper + " = 1"), (Position{1, column}));
  EXPECT_EQ(too_deep_key("x = 'a.b'\n[" + deeper + "]"), (Position{2, column + 1}));
  EXPECT_EQ(too_deep_key("\xC3\xA4 = 1\nx = {\xC3\xA4 = {" + deeper), (Position{2, column + 10}));
  EXPECT_EQ(too_deep_key("x = \"a\n" + deeper), (Position{2, column})) << "an open string";
}

TEST(KeyDepth, ADeepFileIsAMistakeAndNotTheEnd) {
  const auto config = read("[" + dotted(200'000) + "]\n", "weir.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(text_of(config.error()),
            "weir.toml:1:33: a key has too many parts; expected at most 16\n");
  std::string nested = "x = ";
  for (int i = 0; i < 250; ++i) nested += "{" + dotted(kDeepestKey) + " = ";
  EXPECT_FALSE(read(nested + "1" + std::string(250, '}'), "weir.toml"));
}

}  // namespace
}  // namespace weir::config
