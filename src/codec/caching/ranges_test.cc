#include "codec/caching/ranges.h"

#include <gtest/gtest.h>

#include <random>

#include "http/date.h"

namespace weir::caching {
namespace {

std::string asked(std::string_view range, uint64_t length = 10) {
  const Ranges found = ranges_of(range, length);
  if (found.what == Ranges::What::whole) return "whole";
  if (found.what == Ranges::What::unsatisfiable) return "416";
  std::string text;
  for (const ByteRange& each : found.all)
    text +=
        (text.empty() ? "" : ",") + std::to_string(each.first) + '-' + std::to_string(each.last);
  return text;
}

TEST(Ranges, OneOfEachForm) {
  EXPECT_EQ(asked("bytes=0-4"), "0-4");
  EXPECT_EQ(asked("bytes=5-"), "5-9");
  EXPECT_EQ(asked("bytes=-3"), "7-9");
  EXPECT_EQ(asked("bytes=0-0"), "0-0");
  EXPECT_EQ(asked("bytes=9-20"), "9-9");
  EXPECT_EQ(asked("bytes=-20"), "0-9");
  EXPECT_EQ(asked("Bytes = 0-4"), "0-4");
  EXPECT_EQ(asked("bytes=0-99999999999999999999999999"), "0-9");
}

TEST(Ranges, Several) {
  EXPECT_EQ(asked("bytes=0-0,-1"), "0-0,9-9");
  EXPECT_EQ(asked("bytes=1-2,6-7"), "1-2,6-7");
  EXPECT_EQ(asked("bytes=6-7 , 1-2"), "6-7,1-2") << "in the order that was asked for";
  EXPECT_EQ(asked("bytes=1-2,20-30"), "1-2") << "what is not there is left out";
  EXPECT_EQ(asked("bytes=,1-2,,"), "1-2");
}

TEST(Ranges, ThoseThatTouchAreOne) {
  EXPECT_EQ(asked("bytes=0-2,3-5"), "0-5");
  EXPECT_EQ(asked("bytes=3-5,0-2"), "0-5");
  EXPECT_EQ(asked("bytes=0-1,8-9,1-8"), "0-9");
  EXPECT_EQ(asked("bytes=0-1,4-5,2-2"), "0-2,4-5");
  EXPECT_EQ(asked("bytes=0-9,2-3"), "0-9");
}

TEST(Ranges, NothingIsThere) {
  EXPECT_EQ(asked("bytes=10-"), "416");
  EXPECT_EQ(asked("bytes=-0"), "416");
  EXPECT_EQ(asked("bytes=10-12,20-"), "416");
  EXPECT_EQ(asked("bytes=0-", 0), "416");
  EXPECT_EQ(asked("bytes=-5", 0), "416");
}

TEST(Ranges, WhatIsNotUnderstoodIsIgnored) {
  for (const char* range :
       {"", "bytes", "bytes=", "items=0-4", "bytes=a-b", "bytes=4-0", "bytes=-", "bytes=0-4,x",
        "bytes=1", "bytes=0x1-2", "bytes=+1-2", "bytes=--1", "0-4", "bytes:0-4"})
    EXPECT_EQ(asked(range), "whole") << range;
}

TEST(Ranges, TooManyAreAnsweredByTheWhole) {
  std::string range = "bytes=";
  for (size_t i = 0; i < kMostRanges; ++i)
    range += std::to_string(i * 3) + '-' + std::to_string(i * 3) + ',';
  EXPECT_NE(asked(range, 1000), "whole");
  EXPECT_EQ(asked(range + "900-901", 1000), "whole");
  std::string many = "bytes=";
  for (int i = 0; i < 1000; ++i) many += "0-,";
  EXPECT_EQ(asked(many, 1000), "whole") << "that would be work for nothing";
}

/// Whatever is asked for, the answer is what a slow reading of the text gives.
TEST(Ranges, AsASlowReadingFindsThem) {
  std::mt19937 random(20261201);
  const auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 3000; ++round) {
    const uint64_t length = below(40);
    std::string text = "bytes=";
    std::vector<bool> wanted(length);
    bool any = false;
    for (uint64_t i = 0, count = 1 + below(5); i < count; ++i) {
      const uint64_t first = below(45), last = first + below(10);
      const bool suffix = below(4) == 0;
      text += (i ? "," : "") + (suffix ? "-" + std::to_string(first)
                                       : std::to_string(first) + '-' + std::to_string(last));
      for (uint64_t at = 0; at < length; ++at) {
        const bool in = suffix ? at + first >= length : at >= first && at <= last;
        if (in) wanted[at] = any = true;
      }
    }
    const Ranges found = ranges_of(text, length);
    ASSERT_EQ(found.what, any ? Ranges::What::some : Ranges::What::unsatisfiable) << text;
    std::vector<bool> got(length);
    for (const ByteRange& each : found.all)
      for (uint64_t at = each.first; at <= each.last; ++at) {
        ASSERT_FALSE(got[at]) << text << " overlaps";
        got[at] = true;
      }
    ASSERT_EQ(got, wanted) << text << " of " << length;
  }
}

bool holds(const std::string& if_range, const char* name, const std::string& value,
           int64_t date_s = 1000) {
  const auto asking = http::RequestHead::make();
  asking->fields.add("If-Range", if_range);
  const auto stored = http::ResponseHead::make();
  stored->fields.add(name, value);
  return if_range_holds(asking->fields, stored->fields, date_s);
}

TEST(IfRange, NamesTheVeryResponse) {
  EXPECT_TRUE(holds("\"a\"", "ETag", "\"a\""));
  EXPECT_FALSE(holds("\"b\"", "ETag", "\"a\""));
  EXPECT_FALSE(holds("W/\"a\"", "ETag", "\"a\""));
  EXPECT_FALSE(holds("\"a\"", "ETag", "W/\"a\""));
  EXPECT_FALSE(holds("a", "ETag", "a"));
  const std::string old(http::WrittenDate(900).view()), now(http::WrittenDate(1000).view());
  EXPECT_TRUE(holds(old, "Last-Modified", old));
  EXPECT_FALSE(holds(now, "Last-Modified", old)) << "it has to be the same, not a later one";
  EXPECT_FALSE(holds(now, "Last-Modified", now)) << "it may change again in that second";
  EXPECT_FALSE(holds(old, "ETag", "\"a\""));
  const auto none = http::RequestHead::make();
  EXPECT_TRUE(if_range_holds(none->fields, http::ResponseHead::make()->fields, 0));
}

TEST(ContentRange, ReadAndWritten) {
  const auto one = parse_content_range("bytes 2-5/10");
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, (ContentRange{{2, 5}, 10}));
  EXPECT_EQ(one->text(), "bytes 2-5/10");
  EXPECT_EQ(parse_content_range("Bytes  2-5/*")->text(), "bytes 2-5/*");
  for (const char* none :
       {"", "bytes */10", "bytes 5-2/10", "bytes 2-10/10", "bytes 2-5", "items 2-5/10",
        "bytes 2-5/x", "bytes -5/10", "bytes 2-/10", "bytes=2-5/10", "bytes 2-5/10, bytes 7-8/10"})
    EXPECT_FALSE(parse_content_range(none)) << none;
  EXPECT_EQ(unsatisfied_content_range(10), "bytes */10");
}

}  // namespace
}  // namespace weir::caching
