#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace weir::base {
namespace {

TEST(Text, DecimalIsStrict) {
  EXPECT_EQ(parse_decimal("0"), 0u);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", "+1", "-1", " 1", "1 ", "1a", "0x1", "18446744073709551616"})
    EXPECT_FALSE(parse_decimal(bad)) << bad;
  EXPECT_FALSE(parse_decimal<uint16_t>("65536"));
}

TEST(Text, HtmlKeepsNothingThatCouldAct) {
  EXPECT_EQ(escape_html("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
  EXPECT_EQ(escape_html(std::string_view("a\0b\x1b", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(escape_html("\xC0\xBC"
                        "x"),
            "\xEF\xBF\xBD\xEF\xBF\xBDx");
  EXPECT_EQ(escape_html("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Text, LogLinesCannotBeForged) {
  std::string out;
  append_escaped_for_log(out, "a\"b\\c\r\n\x1b\xff z");
  EXPECT_EQ(out, "a\\\"b\\\\c\\x0d\\x0a\\x1b\\xff z");
}

TEST(Text, ValuesOfLines) {
  EXPECT_EQ(value_in("a=1\nab=2\na=3\n", "a"), "1");
  EXPECT_EQ(value_in("a=1\nab=2=x\n", "ab"), "2=x");
  EXPECT_EQ(value_in("ab=2", "ab"), "2");
  for (const char* text : {"", "a", "xa=1", "a =1", "\n\n", "a="})
    EXPECT_EQ(value_in(text, "a"), "");
}

TEST(Text, EveryByteOfALogLineIsLookedAtWhereverItStands) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (const unsigned char odd : {0x00, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0xff}) {
        std::string text(size, 'a'), expected(at, 'a');
        text[at] = static_cast<char>(odd);
        char escape[5];
        std::snprintf(escape, sizeof escape, odd == '"' || odd == '\\' ? "\\%c" : "\\x%02x", odd);
        expected += escape + std::string(size - at - 1, 'a');
        std::string out = "before ";
        append_escaped_for_log(out, text);
        EXPECT_EQ(out, "before " + expected);
      }
    }
    std::string out;
    append_escaped_for_log(out, std::string(size, '~'));
    EXPECT_EQ(out, std::string(size, '~'));
  }
}

}  // namespace
}  // namespace weir::base
