#include "net/tls/distrust.h"

#include <gtest/gtest.h>

namespace weir::net {
namespace {

const std::string kPlain = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

std::string with_colons(const std::string& plain) {
  std::string text;
  for (size_t i = 0; i < plain.size(); i += 2) text += (i ? ":" : "") + plain.substr(i, 2);
  return text;
}

TEST(Distrust, HashesAreReadWithAndWithoutColons) {
  std::string upper = kPlain;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& text : {kPlain, with_colons(kPlain), upper, with_colons(upper)}) {
    const auto hash = parse_key_hash(text);
    ASSERT_TRUE(hash) << text;
    EXPECT_EQ(text_of(*hash), kPlain);
  }
}

TEST(Distrust, OthersAreMistakes) {
  for (const std::string& text :
       {std::string(), kPlain.substr(1), kPlain + "0", kPlain.substr(2) + "0g",
        with_colons(kPlain).substr(1) + "0", "sha256/" + kPlain}) {
    EXPECT_FALSE(parse_key_hash(text)) << text;
  }
}

TEST(Distrust, TheOrderDoesNotMatter) {
  const std::string other(64, '1');
  EXPECT_EQ(Distrust({kPlain, other}), Distrust({other, with_colons(kPlain)}));
  EXPECT_NE(Distrust({kPlain}), Distrust({other}));
}

}  // namespace
}  // namespace weir::net
