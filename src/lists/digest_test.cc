#include "lists/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir::lists {
namespace {

match::SourceDigest of(std::initializer_list<std::string_view> texts) {
  Digester digester;
  for (const std::string_view text : texts) digester.text(text);
  return digester.digest();
}

TEST(Digester, TellsTextsApart) {
  const std::set<match::SourceDigest> all = {
      of({}),         of({""}),       of({"", ""}),     of({"ab"}),        of({"a", "b"}),
      of({"b", "a"}), of({"ab", ""}), of({"12345678"}), of({"123456789"}), of({"12345679"})};
  EXPECT_EQ(all.size(), 10u);
  EXPECT_EQ(of({"a", "b"}), of({"a", "b"}));
  EXPECT_NE(of({}), match::SourceDigest());
}

TEST(Digester, EveryBitCounts) {
  std::set<match::SourceDigest> all;
  for (int bit = 0; bit < 64; ++bit) {
    Digester digester;
    digester.number(uint64_t{1} << bit);
    digester.number(0);
    all.insert(digester.digest());
  }
  EXPECT_EQ(all.size(), 64u);
}

}  // namespace
}  // namespace weir::lists
