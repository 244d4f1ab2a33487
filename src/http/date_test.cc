#include "http/date.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

constexpr int64_t kNow = 1'796'083'200;  // 2026-12-01
constexpr int64_t kExample = 784'111'777;

TEST(Date, TheThreeForms) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(parse_date("Sun Nov 06 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", kNow), kExample + 10 * 86'400);
}

TEST(Date, NamesInAnyCaseAndAnyDayOfTheWeek) {
  EXPECT_EQ(parse_date("SUN, 06 nov 1994 08:49:37 gmt", kNow), kExample);
  EXPECT_EQ(parse_date("Mon, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
}

TEST(Date, EdgesOfTheCalendar) {
  EXPECT_EQ(parse_date("Thu, 01 Jan 1970 00:00:00 GMT", kNow), 0);
  EXPECT_EQ(parse_date("Wed, 31 Dec 1969 23:59:59 GMT", kNow), -1);
  EXPECT_EQ(parse_date("Tue, 29 Feb 2000 00:00:00 GMT", kNow), 951'782'400);
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow), 1'483'228'800);
  EXPECT_EQ(parse_date("Fri, 31 Dec 9999 23:59:59 GMT", kNow), 253'402'300'799);
  for (const char* none : {"Mon, 29 Feb 2100 00:00:00 GMT", "Mon, 31 Apr 2026 00:00:00 GMT",
                           "Mon, 00 Apr 2026 00:00:00 GMT", "Mon, 01 Apr 2026 24:00:00 GMT",
                           "Mon, 01 Apr 2026 00:60:00 GMT", "Mon, 01 Apr 2026 00:00:61 GMT"})
    EXPECT_EQ(parse_date(none, kNow), std::nullopt) << none;
}

TEST(Date, TwoDigitsMeanTheNearestCentury) {
  const int64_t day = *parse_date("Mon, 01 Jan 2076 00:00:00 GMT", kNow);
  EXPECT_EQ(parse_date("Monday, 01-Jan-76 00:00:00 GMT", kNow), day) << "50 years ahead";
  EXPECT_EQ(parse_date("Friday, 01-Jan-77 00:00:00 GMT", kNow),
            parse_date("Sat, 01 Jan 1977 00:00:00 GMT", kNow));
  const int64_t old = *parse_date("Thu, 01 Jan 1998 00:00:00 GMT", kNow);
  EXPECT_EQ(parse_date("Friday, 01-Jan-10 00:00:00 GMT", old),
            parse_date("Fri, 01 Jan 2010 00:00:00 GMT", kNow));
}

TEST(Date, WhatIsNone) {
  for (const char* none : {"",
                           "0",
                           "-1",
                           "now",
                           "1994-11-06T08:49:37Z",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 08.49.37 GMT",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun,  06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 Nov 1994 08:49:37",
                           "06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 +8:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994"})
    EXPECT_EQ(parse_date(none, kNow), std::nullopt) << none;
}

TEST(Date, Written) {
  EXPECT_EQ(WrittenDate(kExample).view(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(WrittenDate(0).view(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(WrittenDate(-1).view(), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(WrittenDate(253'402'300'799).view(), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(Date, WhatIsWrittenIsRead) {
  for (int64_t seconds = -62'167'219'200; seconds < 253'402'300'799; seconds += 7'654'321'987 / 13)
    EXPECT_EQ(parse_date(WrittenDate(seconds).view(), kNow), seconds);
}

}  // namespace
}  // namespace weir::http
