#include "policy/usage.h"

#include <gtest/gtest.h>

#include <thread>

namespace weir::policy {
namespace {

TEST(Usage, EachDayBeginsAtZeroAndAClockSetBackGivesNoSecondOne) {
  Usage usage;
  EXPECT_EQ(usage.used(100), 0u);
  EXPECT_EQ(usage.add(100, 30), 30u);
  EXPECT_EQ(usage.add(100, 12), 42u);
  EXPECT_EQ(usage.used(100), 42u);
  EXPECT_EQ(usage.used(99), 42u);
  EXPECT_EQ(usage.used(101), 0u);
  EXPECT_EQ(usage.add(99, 1), 43u);
  EXPECT_EQ(usage.add(101, 5), 5u);
  EXPECT_EQ(usage.used(100), 5u);
}

TEST(Usage, CountsNoFurtherThanItCan) {
  Usage usage;
  EXPECT_EQ(usage.add(1, UINT64_MAX), (uint64_t{1} << 44) - 1);
  EXPECT_EQ(usage.add(1, UINT64_MAX), (uint64_t{1} << 44) - 1);
  EXPECT_EQ(usage.used(2), 0u);
}

TEST(Usage, WhatASecondAllowsGoesAtOnceAndThenTheRateHolds) {
  Usage usage;
  uint64_t now = 1'000'000;
  const auto next_after = [&](uint64_t bytes) {
    usage.pace(bytes, 1000, now);
    return std::max(now, usage.next_ms());
  };
  EXPECT_EQ(usage.next_ms(), 0u);
  EXPECT_EQ(next_after(1000), now);
  EXPECT_EQ(next_after(500), now + 500);
  EXPECT_EQ(next_after(500), now + 1000);
  // Whoever keeps to that moves 1,000 bytes a second.
  now += 1000;
  uint64_t moved = 0;
  for (const uint64_t end = now + 10'000; now < end; moved += 100) now = next_after(100);
  EXPECT_NEAR(static_cast<double>(moved), 10'000, 100);
  // Rest is not saved up beyond a second.
  now += 3'600'000;
  EXPECT_EQ(next_after(1000), now);
  EXPECT_EQ(next_after(1), now + 1);
}

TEST(Usage, ThreadsLoseNothing) {
  Usage usage;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k) {
        usage.add(7, 3);
        usage.pace(1, 1000, 5'000'000);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(usage.used(7), 120'000u);
  EXPECT_EQ(usage.next_ms(), 5'000'000u + 39'000);
}

TEST(Usages, EachClientAndRuleHasItsOwn) {
  Usages all;
  all.set_day(5);
  all.of("a", "ada")->add(5, 10);
  all.of("a", "bob")->add(5, 20);
  all.of("b", "ada")->add(5, 30);
  EXPECT_EQ(all.of("a", "ada")->used(5), 10u);
  EXPECT_EQ(all.of("a", "bob")->used(5), 20u);
  EXPECT_EQ(all.of("b", "ada")->used(5), 30u);
  EXPECT_EQ(all.size(), 3u);
}

TEST(Usages, AreKeptAsText) {
  Usages all;
  all.set_day(5);
  all.of("a day", "192.0.2.1")->add(5, 10);
  all.of("a day", "an ada")->add(5, 20);
  all.of("a day", "yesterday's")->add(4, 30);
  all.of("no\tname", "ada")->add(5, 40);
  (void)all.of("a day", "nothing");
  const std::string text = all.text();
  EXPECT_EQ(text, "5\n10\t192.0.2.1\ta day\n20\tan ada\ta day\n");
  Usages again;
  again.set_day(5);
  EXPECT_EQ(again.read(text), "");
  EXPECT_EQ(again.text(), text);
  // The next day it is of yesterday.
  again.set_day(6);
  EXPECT_EQ(again.text(), "6\n");
  EXPECT_EQ(again.of("a day", "an ada")->used(6), 0u);
}

TEST(Usages, WhatIsNoSuchTextIsRefused) {
  for (const char* const text : {"", "x\n", "5 \n", "5\n10\n", "5\n10\tada\n", "5\nx\tada\ta\n",
                                 "5\n10\t\ta\n", "5\n-1\tada\ta\n"}) {
    Usages all;
    EXPECT_NE(all.read(text), "") << text;
  }
  EXPECT_EQ(Usages().read("5\n"), "");
}

TEST(Usages, ACrowdTakesThePlacesOfThoseWhoHaveUsedLittle) {
  Usages all;
  all.set_day(5);
  const auto held = all.of("a", "held");
  all.of("a", "much")->add(5, 1'000'000);
  for (size_t i = 0; i < 2 * Usages::kMost; ++i)
    all.of("a", "crowd" + std::to_string(i))->add(5, i % 100);
  EXPECT_EQ(all.size(), Usages::kMost);
  EXPECT_EQ(all.of("a", "held"), held);
  EXPECT_EQ(all.of("a", "much")->used(5), 1'000'000u);
}

}  // namespace
}  // namespace weir::policy
