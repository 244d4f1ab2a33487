#include "policy/schedule.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

LocalTime at(const char* text) {
  return parse_local_time(text).value();
}

TEST(Hours, WhatIsWrittenAndWhatItMeans) {
  const struct {
    const char *days, *from, *to;
    const char* text;
  } cases[] = {
      {"mon-fri", "16:00", "18:30", "mon-fri 16:00-18:30"},
      {"", "", "", "every day 00:00-24:00"},
      {"Mon - Sunday", "0:00", "24:00", "every day 00:00-24:00"},
      {"sat,sun", "", "12:00", "sat,sun 00:00-12:00"},
      {" SAT , tue ", "9:05", "", "tue,sat 09:05-24:00"},
      {"fri-mon", "21:00", "06:30", "fri-mon 21:00-06:30"},
      {"mon,tue,wed,fri", "00:00", "01:00", "mon-wed,fri 00:00-01:00"},
      {"sun,mon", "00:00", "01:00", "sun,mon 00:00-01:00"},
  };
  for (const auto& c : cases) {
    const auto hours = Hours::parse(c.days, c.from, c.to);
    ASSERT_TRUE(hours) << c.text << ": " << hours.error().detail();
    EXPECT_EQ(hours->text(), c.text);
  }
}

TEST(Hours, WhatIsNoTime) {
  const struct {
    const char *days, *from, *to;
  } cases[] = {
      {"monday-", "", ""},     {"mo", "", ""},          {"mon,,tue", "", ""},
      {",", "", ""},           {"mon-tue-wed", "", ""}, {"", "24:00", "01:00"},
      {"", "24:01", ""},       {"", "7", ""},           {"", "07:60", ""},
      {"", "7:5", ""},         {"", "-1:00", ""},       {"", "+7:00", ""},
      {"", "16:00", "16:00"},  {"", "", "00:00"},       {"", "16:00", "25:00"},
      {"", "007:00", "08:00"}, {"", "07:00 pm", ""},
  };
  for (const auto& c : cases)
    EXPECT_FALSE(Hours::parse(c.days, c.from, c.to)) << c.days << ' ' << c.from << ' ' << c.to;
}

TEST(Hours, ASpanPastMidnightBelongsToTheDayOnWhichItBegan) {
  const Hours school = Hours::parse("mon-fri", "16:00", "18:30").value();
  EXPECT_TRUE(school.has(at("mon 16:00")));
  EXPECT_TRUE(school.has(at("fri 18:29")));
  EXPECT_FALSE(school.has(at("fri 18:30")));
  EXPECT_FALSE(school.has(at("mon 15:59")));
  EXPECT_FALSE(school.has(at("sat 17:00")));
  const Hours night = Hours::parse("fri", "21:00", "06:30").value();
  EXPECT_TRUE(night.has(at("fri 21:00")));
  EXPECT_TRUE(night.has(at("sat 00:00")));
  EXPECT_TRUE(night.has(at("sat 06:29")));
  EXPECT_FALSE(night.has(at("sat 06:30")));
  EXPECT_FALSE(night.has(at("fri 00:00"))) << "that night began on Thursday";
  EXPECT_FALSE(night.has(at("sat 21:00")));
  const Hours sunday = Hours::parse("sun", "23:00", "01:00").value();
  EXPECT_TRUE(sunday.has(at("mon 00:59")));
}

TEST(Hours, EveryMinuteOfTheWeekIsInASpanOrInTheOneThatIsLeft) {
  const Hours day = Hours::parse("", "06:30", "21:00").value();
  const Hours night = Hours::parse("", "21:00", "06:30").value();
  for (uint8_t weekday = 0; weekday < 7; ++weekday) {
    for (uint16_t minute = 0; minute < 1440; ++minute)
      EXPECT_NE(day.has({weekday, minute}), night.has({weekday, minute})) << minute;
  }
}

TEST(Schedule, HoldsAtAnyOfItsHoursOrAlways) {
  Schedule schedule;
  EXPECT_TRUE(schedule.always() && schedule.has(at("tue 03:00")));
  EXPECT_EQ(schedule.text(), "always");
  schedule.add(Hours::parse("mon-fri", "16:00", "18:30").value());
  schedule.add(Hours::parse("sat,sun", "10:00", "20:00").value());
  EXPECT_EQ(schedule.text(), "mon-fri 16:00-18:30, sat,sun 10:00-20:00");
  EXPECT_TRUE(schedule.has(at("Sunday 19:59")));
  EXPECT_FALSE(schedule.has(at("mon 19:00")));
}

TEST(LocalTime, ReadAndWritten) {
  EXPECT_EQ(at(" mon 20:10 "), (LocalTime{0, 20 * 60 + 10}));
  EXPECT_EQ(text_of(LocalTime{6, 5}), "sun 00:05");
  for (const char* text : {"", "mon", "20:10", "mon 24:00", "mon 20:10:00", "mon,tue 20:10"})
    EXPECT_FALSE(parse_local_time(text)) << text;
}

}  // namespace
}  // namespace weir::policy
