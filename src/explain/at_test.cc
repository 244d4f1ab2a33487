#include "explain/at.h"

#include <gtest/gtest.h>

namespace weir::explain {
namespace {

std::string read(std::string_view text, const char* zone = "UTC") {
  const auto time = parse_at(text, *base::TimeZone::named(zone));
  return time ? policy::text_of(*time) : "";
}

TEST(At, ADayAndAnHourOrAMoment) {
  EXPECT_EQ(read("Mon 20:10"), "mon 20:10");
  EXPECT_EQ(read(" sunday 0:05"), "sun 00:05");
  EXPECT_EQ(read("2026-11-30T20:10:00Z"), "mon 20:10");
  EXPECT_EQ(read("2026-11-30t20:10:59.25z"), "mon 20:10");
  EXPECT_EQ(read("2026-11-30 20:10:00+01:00"), "mon 19:10");
  EXPECT_EQ(read("2026-12-01T00:30:00+01:00"), "mon 23:30");
  EXPECT_EQ(read("2026-11-30T20:10:00-05:30"), "tue 01:40");
  EXPECT_EQ(read("2028-02-29T00:00:00Z"), "tue 00:00");
  EXPECT_EQ(read("1969-12-31T23:59:00Z"), "wed 23:59");
  EXPECT_EQ(read("2026-07-01T20:10:00Z", "Europe/Zurich"), "wed 22:10");
  EXPECT_EQ(read("Wed 20:10", "Europe/Zurich"), "wed 20:10");
}

TEST(At, WhatIsNoTime) {
  for (const char* text :
       {"", "20:10", "Mon", "Mon 24:00", "2026-11-30", "2026-11-30T20:10Z", "2026-11-30T20:10:00",
        "2026-11-31T20:10:00Z", "2027-02-29T20:10:00Z", "2026-13-01T20:10:00Z",
        "2026-00-01T20:10:00Z", "2026-11-30T24:10:00Z", "2026-11-30T20:60:00Z",
        "2026-11-30T20:10:00.Z", "2026-11-30T20:10:00Z ...", "2026-11-30T20:10:00+24:00",
        "+026-11-30T20:10:00Z"})
    EXPECT_EQ(read(text), "") << text;
}

}  // namespace
}  // namespace weir::explain
