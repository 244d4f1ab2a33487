#include "origin/pool/origin_slots.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir::origin {
namespace {

TEST(OriginSlots, CountByOriginAndComeBack) {
  OriginSlots slots(2);
  auto a = slots.take("a:80"), b = slots.take("a:80");
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(slots.take("a:80"));
  EXPECT_TRUE(slots.take("b:80"));
  auto moved = std::move(a);
  EXPECT_FALSE(slots.take("a:80"));
  moved.release();
  EXPECT_TRUE(slots.take("a:80"));
  slots.set_most(0);
  EXPECT_FALSE(slots.take("c:80"));
}

TEST(OriginSlots, ManyThreadsNeverExceedTheLimit) {
  OriginSlots slots(3);
  std::atomic<int> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        auto slot = slots.take("a:80");
        if (!slot) continue;
        const int now = ++held;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --held;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_TRUE(slots.take("a:80"));
}

}  // namespace
}  // namespace weir::origin
