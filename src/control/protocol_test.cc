#include "control/protocol.h"

#include <gtest/gtest.h>

namespace weir::control {
namespace {

using Words = std::vector<std::string>;

TEST(Protocol, TheLastOfSeveralWordsMayBeALength) {
  const struct {
    const char* line;
    const char* text;
    Words words;
    std::optional<uint64_t> length;
  } cases[] = {
      {"", "", {}, {}},
      {"status", "status", {"status"}, {}},
      {"status ", "status ", {"status"}, {}},
      {"explain http://a/ b", "explain http://a/ b", {"explain", "http://a/", "b"}, {}},
      {"simulate +0", "simulate", {"simulate"}, 0},
      {"simulate  a +12", "simulate  a", {"simulate", "a"}, 12},
      {"simulate +3 a", "simulate +3 a", {"simulate", "+3", "a"}, {}},
      {"+3", "+3", {"+3"}, {}},
  };
  for (const auto& each : cases) {
    const auto line = parse_request_line(each.line);
    ASSERT_TRUE(line) << each.line;
    EXPECT_EQ(line->text, each.text);
    EXPECT_EQ(line->words, each.words);
    EXPECT_EQ(line->body_length, each.length);
  }
}

TEST(Protocol, WhatLooksLikeALengthAndIsNoneIsRefused) {
  for (const char* last : {"+", "+x", "+1x", "++1", "+-1", "+99999999999999999999999"})
    EXPECT_FALSE(parse_request_line(std::string("a ") + last)) << last;
}

TEST(Protocol, WhatIsWrittenIsRead) {
  std::string line = line_with_body("simulate fast", 1234);
  ASSERT_EQ(line, "simulate fast +1234\n");
  line.pop_back();
  const auto parsed = parse_request_line(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, "simulate fast");
  EXPECT_EQ(parsed->body_length, 1234u);
}

}  // namespace
}  // namespace weir::control
