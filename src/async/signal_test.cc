// The ways to wait for more than one thing.
#include "async/signal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace weir::async {
namespace {

/// Logs when it begins and when it is destroyed, also if that is before its end.
Task<int> part(std::string& log, char name, Signal* until, int value) {
  struct Gone {
    std::string& log;
    char name;
    ~Gone() { log += name; }
  } gone{log, name};
  log += static_cast<char>(name - 'a' + 'A');
  if (until) co_await until->changed(until->version());
  co_return value;
}

Task<void> put_first(Task<int> task, int& to) {
  to = co_await task;
}
Task<void> put_both(Task<std::pair<int, int>> task, std::pair<int, int>& to) {
  to = co_await task;
}

void run(EventLoop& loop) {
  while (!loop.idle()) loop.turn(0);
}

TEST(FirstOf, WhatEndsAtOnceKeepsTheOtherFromBeginning) {
  EventLoop loop;
  std::string log;
  int got = 0;
  auto task = put_first(first_of(part(log, 'a', nullptr, 1), part(log, 'b', nullptr, 2)), got);
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(got, 1);
  EXPECT_EQ(log, "Aa");
}

TEST(FirstOf, BothInOneTurnGiveOneResultAndBothGo) {
  for (const size_t pick : {0, 1}) {
    EventLoop loop;
    loop.set_picker([&](size_t size) { return pick % size; });
    std::string log;
    Signal signal;
    int got = 0;
    TaskScope scope;
    scope.spawn(put_first(first_of(part(log, 'a', &signal, 1), part(log, 'b', &signal, 2)), got));
    signal.notify();
    run(loop);
    EXPECT_EQ(got, pick == 0 ? 1 : 2);
    std::sort(log.begin(), log.end());
    EXPECT_EQ(log, "ABab");
    EXPECT_EQ(scope.size(), 0u);
  }
}

TEST(FirstOf, CancelledItTakesBothWithIt) {
  EventLoop loop;
  std::string log;
  Signal signal;
  int got = 0;
  {
    TaskScope scope;
    scope.spawn(put_first(first_of(first_of(part(log, 'a', &signal, 1), part(log, 'b', &signal, 2)),
                                   part(log, 'c', &signal, 3)),
                          got));
    EXPECT_EQ(log, "ABC");
    signal.notify();  // All are in the ready list when they are destroyed.
  }
  EXPECT_EQ(log.size(), 6u);
  EXPECT_TRUE(loop.idle());
  run(loop);
  EXPECT_EQ(got, 0);
}

TEST(AllOf, WaitsForBothInEitherOrder) {
  for (const bool second_first : {false, true}) {
    EventLoop loop;
    std::string log;
    Signal a, b;
    std::pair<int, int> got{0, 0};
    TaskScope scope;
    scope.spawn(put_both(all_of(part(log, 'a', &a, 1), part(log, 'b', &b, 2)), got));
    (second_first ? b : a).notify();
    run(loop);
    EXPECT_EQ(scope.size(), 1u);
    (second_first ? a : b).notify();
    run(loop);
    EXPECT_EQ(scope.size(), 0u);
    EXPECT_EQ(got, std::pair(1, 2));
  }
}

TEST(AllOf, EndsAtOnceWhereBothDo) {
  EventLoop loop;
  std::string log;
  std::pair<int, int> got{0, 0};
  auto task = put_both(all_of(part(log, 'a', nullptr, 1), part(log, 'b', nullptr, 2)), got);
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(got, std::pair(1, 2));
}

TEST(AllOf, CancelledAfterOneHasEndedItTakesTheOtherWithIt) {
  EventLoop loop;
  std::string log;
  Signal a, b;
  std::pair<int, int> got{0, 0};
  {
    TaskScope scope;
    scope.spawn(put_both(all_of(part(log, 'a', &a, 1), part(log, 'b', &b, 2)), got));
    a.notify();
    run(loop);
    EXPECT_EQ(log, "ABa");
  }
  EXPECT_EQ(log, "ABab");
  b.notify();
  run(loop);
  EXPECT_EQ(got, std::pair(0, 0));
}

TEST(Signal, NoChangeIsLostBetweenALookAndAWait) {
  EventLoop loop;
  Signal signal;
  const auto seen = signal.version();
  signal.notify();
  EXPECT_TRUE(signal.changed(seen).await_ready());
  EXPECT_FALSE(signal.changed(signal.version()).await_ready());
}

}  // namespace
}  // namespace weir::async
