#include "async/pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <latch>
#include <optional>

namespace weir::async {
namespace {

/// Doubles a number, once the test lets it.
struct Doubled final : Work {
  explicit Doubled(int value, std::latch* until = nullptr, std::latch* begun = nullptr)
      : value(value), until(until), begun(begun) {}
  ~Doubled() override { ++gone; }
  void run() override {
    if (begun) begun->count_down();
    if (until) until->wait();
    value *= 2;
  }
  int value;
  std::latch* until;
  std::latch* begun;
  static inline std::atomic<int> gone = 0;
};

Task<void> ask(PoolPort& port, std::shared_ptr<Doubled> work, std::optional<bool>& done) {
  auto waiting = port.done(work);
  done = co_await waiting;
}

template <class Until>
void turn_until(EventLoop& loop, Until until) {
  for (int i = 0; i < 500 && !until(); ++i) loop.turn(20);
  EXPECT_TRUE(until());
}

TEST(Pool, WorkIsDoneElsewhereAndComesBack) {
  EventLoop loop;
  Mailbox mailbox;
  Pool pool(2, 100);
  PoolPort port(pool, mailbox);
  std::vector<std::shared_ptr<Doubled>> works;
  std::vector<std::optional<bool>> done(50);
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 50; ++i) {
    works.push_back(std::make_shared<Doubled>(i));
    tasks.push_back(ask(port, works.back(), done[static_cast<size_t>(i)]));
    tasks.back().start();
  }
  turn_until(loop, [&] {
    return std::ranges::all_of(tasks, [](const auto& task) { return task.done(); });
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(done[static_cast<size_t>(i)], true);
    EXPECT_EQ(works[static_cast<size_t>(i)]->value, 2 * i);
  }
}

TEST(Pool, AFullQueueSaysSoAtOnce) {
  EventLoop loop;
  Mailbox mailbox;
  std::latch go(1), begun(1);
  Pool pool(1, 2);
  PoolPort port(pool, mailbox);
  std::optional<bool> done[4];
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(
        ask(port, std::make_shared<Doubled>(1, &go, i == 0 ? &begun : nullptr), done[i]));
    tasks.back().start();
    if (i == 0) begun.wait();
  }
  EXPECT_FALSE(done[2]) << "waits";
  EXPECT_EQ(done[3], false);
  // A cancelled task makes room.
  tasks[1].cancel();
  std::optional<bool> late;
  auto task = ask(port, std::make_shared<Doubled>(1), late);
  task.start();
  EXPECT_FALSE(late);
  go.count_down();
  turn_until(loop, [&] { return task.done() && tasks[2].done(); });
  EXPECT_EQ(late, true);
}

TEST(Pool, WhatIsUrgentGoesFirstAndFindsRoom) {
  EventLoop loop;
  Mailbox mailbox;
  std::latch go(1), begun(1);
  Pool pool(1, 3);
  PoolPort port(pool, mailbox);
  std::vector<int> order;
  struct Noted final : Work {
    Noted(std::vector<int>& order, int number) : order(order), number(number) {}
    void run() override { order.push_back(number); }
    std::vector<int>& order;
    const int number;
  };
  std::optional<bool> held;
  auto first = ask(port, std::make_shared<Doubled>(1, &go, &begun), held);
  first.start();
  begun.wait();
  std::vector<Task<void>> tasks;
  size_t taken = 0;
  const auto add = [&](int number, bool urgent) {
    tasks.push_back(
        [](PoolPort& port, std::shared_ptr<Noted> work, bool urgent, size_t& taken) -> Task<void> {
          auto done = urgent ? port.done_first(std::move(work)) : port.done(std::move(work));
          taken += co_await done;
        }(port, std::make_shared<Noted>(order, number), urgent, taken));
    tasks.back().start();
  };
  for (int i = 0; i < 4; ++i) add(i, false);
  EXPECT_TRUE(tasks.back().done()) << "full";
  for (size_t i = 0; i < Pool::kMostUrgent; ++i) add(10, true);
  EXPECT_FALSE(tasks.back().done());
  add(11, true);
  EXPECT_TRUE(tasks.back().done()) << "full even so";
  go.count_down();
  turn_until(loop, [&] {
    return std::ranges::all_of(tasks, [](const auto& task) { return task.done(); });
  });
  std::vector<int> expected(Pool::kMostUrgent, 10);
  expected.insert(expected.end(), {0, 1, 2});
  EXPECT_EQ(order, expected);
  EXPECT_EQ(taken, expected.size());
}

TEST(Pool, WhoWaitsMayGoBeforeDuringAndAfterTheWork) {
  Doubled::gone = 0;
  {
    EventLoop loop;
    Mailbox mailbox;
    Pool pool(1, 100);
    PoolPort port(pool, mailbox);
    std::latch go(1), begun(1);
    std::optional<bool> done[3];
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(ask(
          port, i == 0 ? std::make_shared<Doubled>(1, &go, &begun) : std::make_shared<Doubled>(i),
          done[i]));
      tasks.back().start();
    }
    begun.wait();
    tasks[0].cancel();  // It runs.
    tasks[1].cancel();  // It has not begun.
    go.count_down();
    turn_until(loop, [&] { return tasks[2].done(); });
    EXPECT_FALSE(done[0]);
    EXPECT_FALSE(done[1]);
    EXPECT_EQ(done[2], true);
    // Its message is in the mailbox, and the task is destroyed before that is read.
    std::optional<bool> late;
    auto task = ask(port, std::make_shared<Doubled>(7), late);
    task.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    task.cancel();
    loop.turn(20);
    EXPECT_FALSE(late);
  }
  EXPECT_EQ(Doubled::gone, 4);
}

TEST(Pool, EachHasItsNiceness) {
  struct Measured final : Work {
    void run() override { niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }
    int niceness = -100;
  };
  EventLoop loop;
  Mailbox mailbox;
  // Not below that of the test, which may be run by `nice`.
  const int least = getpriority(PRIO_PROCESS, 0), most = (least + 20) / 2;
  for (const int niceness : {least, most, 19}) {
    Pool pool(2, 10, base::Niceness{niceness});
    PoolPort port(pool, mailbox);
    const auto work = std::make_shared<Measured>();
    auto task = [](PoolPort& port, std::shared_ptr<Work> work) -> Task<void> {
      auto done = port.done(std::move(work));
      EXPECT_TRUE(co_await done);
    }(port, work);
    task.start();
    turn_until(loop, [&] { return task.done(); });
    EXPECT_EQ(work->niceness, niceness);
  }
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), least) << "the thread that asks stays as it is";
}

TEST(Pool, TheWorkerMayGoFirst) {
  Doubled::gone = 0;
  std::latch go(1), begun(1);
  {
    Pool pool(1, 10);
    {
      EventLoop loop;
      Mailbox mailbox;
      PoolPort port(pool, mailbox);
      std::optional<bool> done;
      auto running = ask(port, std::make_shared<Doubled>(1, &go, &begun), done);
      running.start();
      begun.wait();
      auto waiting = ask(port, std::make_shared<Doubled>(1), done);
      waiting.start();
    }
    go.count_down();
  }
  EXPECT_EQ(Doubled::gone, 2);
}

}  // namespace
}  // namespace weir::async
