#include "cli/shown.h"

#include <gtest/gtest.h>

namespace weir::cli {
namespace {

TEST(Shown, TheTerminalObeysNothingHoweverTheTextIsCut) {
  const struct {
    std::string_view text, shown;
  } cases[] = {
      {"plain\ttext\n", "plain\ttext\n"},
      {"\x1b]0;owned\x07 \r\x7f", "\\x1b]0;owned\\x07 \\x0d\\x7f"},
      {"F\xc3\xbc\xc3\x9f"
       "e \xe2\x82\xac \xf0\x9f\x98\x80",
       "F\xc3\xbc\xc3\x9f"
       "e \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},
      {"\xff\xc3\n\xe2\x82", "\\xff\\xc3\n\\xe2\\x82"},
      {"\xe0\x80\x80\xf0\x9f", "\\xe0\\x80\\x80\\xf0\\x9f"},
      {"\xed\xa0\x80 \xf4\x90\x80\x80", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80"},
  };
  for (const auto& each : cases) {
    for (size_t size = 1; size <= each.text.size(); ++size) {
      Shown shown;
      std::string out;
      for (size_t at = 0; at < each.text.size(); at += size)
        out += shown.add(each.text.substr(at, size));
      EXPECT_EQ(out + shown.end(), each.shown) << size;
    }
  }
}

TEST(Shown, OnlyTheBeginningOfACharacterIsKept) {
  Shown shown;
  EXPECT_EQ(shown.add("line\n"), "line\n");
  EXPECT_EQ(shown.add("a\xe2\x82"), "a");
  EXPECT_EQ(shown.add("\xac"), "\xe2\x82\xac");
}

}  // namespace
}  // namespace weir::cli
