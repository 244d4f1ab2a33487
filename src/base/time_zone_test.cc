#include "base/time_zone.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(TimeZone, ShowsWhatClocksOnTheWallShow) {
  const struct {
    const char* zone;
    int64_t seconds;
    WallTime wall;
  } cases[] = {
      {"UTC", 0, {.day = 0, .weekday = 3, .minute = 0}},
      {"UTC", 1'700'000'000, {.day = 19675, .weekday = 1, .minute = 22 * 60 + 13}},
      {"Europe/Zurich", 1'700'000'000, {.day = 19675, .weekday = 1, .minute = 23 * 60 + 13}},
      {"Asia/Kolkata", 1'700'000'000, {.day = 19676, .weekday = 2, .minute = 3 * 60 + 43}},
      // The last second of winter time, and the next one: 02:00 is 03:00.
      {"Europe/Zurich", 1'711'846'799, {.day = 19813, .weekday = 6, .minute = 119}},
      {"Europe/Zurich", 1'711'846'800, {.day = 19813, .weekday = 6, .minute = 180}},
      {"UTC", -1, {.day = -1, .weekday = 2, .minute = 1439}},
  };
  for (const auto& c : cases) {
    const auto zone = TimeZone::named(c.zone);
    ASSERT_TRUE(zone) << c.zone;
    EXPECT_EQ(zone->at(c.seconds), c.wall) << c.zone << " " << c.seconds;
    EXPECT_EQ(zone->name(), c.zone);
  }
  EXPECT_EQ(TimeZone::named("Europe/Zurich")->text(1'700'000'000), "2023-11-14 23:13");
}

TEST(TimeZone, ThereIsAlwaysTheMachinesZoneAndNoOtherFile) {
  EXPECT_TRUE(TimeZone::named(""));
  for (const char* name : {"Nowhere/Atlantis", "/etc/passwd", "../../../etc/passwd", "Europe"})
    EXPECT_FALSE(TimeZone::named(name)) << name;
}

}  // namespace
}  // namespace weir::base
