#include "lists/refresh.h"

#include <gtest/gtest.h>

namespace weir::lists {
namespace {

constexpr int64_t kDay = 86'400;

TEST(Refresh, WhatNeverCameIsDueAtOnce) {
  EXPECT_EQ(next_fetch({}, kDay, 0.5), 0);
}

TEST(Refresh, IsSpreadByATenth) {
  const Tried tried{.checked = 1000};
  EXPECT_EQ(next_fetch(tried, kDay, 0), 1000 + kDay);
  EXPECT_EQ(next_fetch(tried, kDay, 1), 1000 + kDay + kDay / 10);
}

TEST(Refresh, AFailureIsTriedAgainSoonAndThenLessOften) {
  Tried tried{.checked = 1000, .failures = 1, .last_failure = 5000};
  int64_t pause = 300;
  for (; tried.failures < 8; ++tried.failures, pause *= 2)
    EXPECT_EQ(next_fetch(tried, kDay, 0), 5000 + pause) << tried.failures;
  for (const unsigned failures : {10u, 100u, ~0u}) {
    tried.failures = failures;
    EXPECT_EQ(next_fetch(tried, kDay, 0), 5000 + kDay);
  }
  EXPECT_EQ(next_fetch({.failures = 1, .last_failure = 5000}, 60, 0), 5060);
}

}  // namespace
}  // namespace weir::lists
