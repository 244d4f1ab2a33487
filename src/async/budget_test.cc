// A task that never waits for anything outside leaves the others their turn all the same.
#include <gtest/gtest.h>

#include <algorithm>

#include "async/event_loop.h"

namespace weir::async {
namespace {

constexpr size_t kPiece = 16 * 1024, kBudget = 256 * 1024;

/// Works through `pieces`, at `cost` times their size.
Task<void> compute(size_t pieces, size_t cost, size_t& done) {
  for (size_t i = 0; i < pieces; ++i) {
    done += kPiece;
    co_await Worked(cost * kPiece);
  }
}

/// Notes how much the other task does from one turn of this one to the next.
Task<void> watch(const size_t& done, size_t until, size_t& most) {
  size_t before = done;
  while (before < until) {
    co_await Yield();
    most = std::max(most, done - before);
    before = done;
  }
}

TEST(Budget, WhatComputesSpendsItAndOthersGetTheirTurn) {
  for (const size_t cost : {1, 4}) {
    EventLoop loop;
    TaskScope scope;
    size_t done = 0, most = 0;
    constexpr size_t kPieces = 1000;
    scope.spawn(watch(done, kPieces * kPiece, most));
    scope.spawn(compute(kPieces, cost, done));
    for (int i = 0; i < 1000 && scope.size() > 0; ++i) loop.turn(0);
    EXPECT_EQ(scope.size(), 0u);
    EXPECT_EQ(done, kPieces * kPiece);
    // All of the budget, and one piece more, since a piece is known when it is done.
    EXPECT_GT(most, kBudget / cost / 2);
    EXPECT_LE(most, kBudget / cost + kPiece);
  }
}

TEST(Budget, DeadlinesAreKeptMeanwhile) {
  EventLoop loop;
  TaskScope scope;
  size_t done = 0;
  bool woke = false;
  scope.spawn([](EventLoop& loop, bool& woke) -> Task<void> {
    co_await Sleep(loop.now_ms() + 20);
    woke = true;
  }(loop, woke));
  scope.spawn(compute(SIZE_MAX, 1, done));
  for (const uint64_t end_ms = loop.now_ms() + 5000; !woke && loop.now_ms() < end_ms;) loop.turn(0);
  EXPECT_TRUE(woke);
  EXPECT_GT(done, kBudget);
}

TEST(Budget, WhatMustNotWaitCanAsk) {
  EventLoop loop;
  TaskScope scope;
  size_t made = 0;
  const auto try_make = [&loop, &made] {
    if (!loop.has_budget()) return false;
    made += kPiece;
    loop.spend(kPiece);
    return true;
  };
  scope.spawn([](auto try_make, size_t& made) -> Task<void> {
    co_await Yield();
    while (try_make()) {
    }
    EXPECT_EQ(made, kBudget + kPiece);
    co_await Worked(0);  // The next turn has a new budget.
    EXPECT_TRUE(try_make());
  }(try_make, made));
  for (int i = 0; i < 10; ++i) loop.turn(0);
  EXPECT_EQ(scope.size(), 0u);
  EXPECT_EQ(made, kBudget + 2 * kPiece);
}

}  // namespace
}  // namespace weir::async
