// Destroys a task at each moment of its work in a pool. Latches hold the work where the test wants
// it; the test checks this before and after, so that each moment was really met.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <latch>
#include <list>
#include <random>
#include <string>

#include "async/pool.h"

namespace weir::async {
namespace {

struct Held final : Work {
  ~Held() override { ++gone; }
  void run() override {
    begun.count_down();
    go.wait();
    result = 42;
    ++ran;
  }
  std::latch begun{1}, go{1};
  int result = 0;
  static inline std::atomic<int> ran = 0, gone = 0;
};

Task<void> ask(PoolPort& port, std::shared_ptr<Held> work, int& resumed) {
  auto done = port.done(work);
  work = nullptr;
  const bool taken = co_await done;
  resumed += taken;
}

enum class Moment : uint8_t {
  waiting,        // It has not begun.
  running,        // It runs on its thread.
  come_back,      // Its ticket is in the mailbox.
  letter_before,  // By a message before its own.
  letter_after,   // By one right after it: the waiting task is ready, and has not run.
  same_turn,      // By a coroutine that is ready in the delivering turn, and runs first.
};
constexpr Moment kMoments[] = {Moment::waiting,       Moment::running,      Moment::come_back,
                               Moment::letter_before, Moment::letter_after, Moment::same_turn};

class PoolCancel : public testing::TestWithParam<Moment> {};

TEST_P(PoolCancel, LeavesNothingAndStopsNobody) {
  const Moment moment = GetParam();
  Held::ran = Held::gone = 0;
  int resumed = 0, others_resumed = 0;
  EventLoop loop;
  Mailbox mailbox;
  Pool pool(1, 10);
  PoolPort port(pool, mailbox);
  const auto load_becomes = [&](size_t waiting, size_t running) {
    for (int i = 0; i < 10'000'000 && pool.load() != Pool::Load{waiting, running}; ++i)
      std::this_thread::yield();
    return pool.load() == Pool::Load{waiting, running};
  };

  auto gate = std::make_shared<Held>();
  auto work = std::make_shared<Held>();
  auto before = ask(port, gate, others_resumed);
  before.start();
  gate->begun.wait();
  auto task = ask(port, work, resumed);
  task.start();
  ASSERT_EQ(pool.load(), (Pool::Load{1, 1}));
  int cancelled = 0;
  const auto cancel = [&] {
    ++cancelled;
    task.cancel();
  };
  const auto let_go = [](std::shared_ptr<Held>& held) {
    std::exchange(held, nullptr)->go.count_down();
  };

  if (moment == Moment::waiting) {
    cancel();
    ASSERT_FALSE(work->begun.try_wait());
    ASSERT_EQ(pool.load(), (Pool::Load{1, 1})) << "it is still in the queue";
    let_go(work);
    let_go(gate);
    ASSERT_TRUE(load_becomes(0, 0));
    EXPECT_EQ(Held::ran, 1) << "nobody waits for it: it is not begun";
  } else {
    let_go(gate);
    work->begun.wait();
    ASSERT_EQ(pool.load(), (Pool::Load{0, 1}));
    if (moment == Moment::running) cancel();
    if (moment == Moment::letter_before) mailbox.post(cancel);
    ASSERT_EQ(pool.load(), (Pool::Load{0, 1})) << "it still runs";
    let_go(work);
    ASSERT_TRUE(load_becomes(0, 0));
    EXPECT_EQ(Held::ran, 2);
    if (moment == Moment::come_back) cancel();
    if (moment == Moment::letter_after) mailbox.post(cancel);
  }
  TaskScope scope;
  int delivered = 0, turns = 0;
  if (moment == Moment::same_turn) {
    scope.spawn([](std::function<void()> cancel, const int& delivered, int& turns) -> Task<void> {
      Yield turn;
      co_await turn;
      // Its message was before this one, so it was delivered: the task is after this one in the
      // ready list.
      turns = delivered;
      cancel();
    }(cancel, delivered, turns));
    mailbox.post([&] { ++delivered; });
  }
  loop.turn(1000);
  EXPECT_EQ(cancelled, 1);
  if (moment == Moment::same_turn) EXPECT_EQ(turns, 1) << "in the turn that delivered it";
  EXPECT_EQ(resumed, 0) << "one that is gone is not resumed";
  EXPECT_TRUE(before.done() && others_resumed == 1) << "who came before is";

  // The port still works.
  auto next = std::make_shared<Held>();
  next->go.count_down();
  auto after = ask(port, std::move(next), others_resumed);
  after.start();
  for (int i = 0; i < 100 && !after.done(); ++i) loop.turn(100);
  EXPECT_EQ(others_resumed, 2);
  EXPECT_TRUE(load_becomes(0, 0));
  EXPECT_EQ(Held::gone, 3) << "each work was destroyed, by whoever had it last";
}

constexpr const char* kNames[] = {"Waiting",      "Running",     "ComeBack",
                                  "LetterBefore", "LetterAfter", "SameTurn"};
INSTANTIATE_TEST_SUITE_P(At, PoolCancel, testing::ValuesIn(kMoments), [](const auto& param) {
  return kNames[static_cast<size_t>(param.param)];
});

/// Work that takes a little time. Its result is right only if nothing else wrote into it meanwhile.
struct Sum final : Work {
  explicit Sum(uint32_t upto) : upto(upto) { ++alive; }
  ~Sum() override { --alive; }
  void run() override {
    for (uint32_t i = 1; i <= upto; ++i) sum += i;
  }
  const uint32_t upto;
  uint64_t sum = 0;
  static inline std::atomic<int> alive = 0;
};

struct Tally {
  std::atomic<int> right = 0, wrong = 0, full = 0, cancelled = 0;
};

Task<void> add_up(PoolPort& port, uint32_t upto, Tally& tally) {
  auto work = std::make_shared<Sum>(upto);
  auto done = port.done(work);
  if (!co_await done) {
    ++tally.full;
    co_return;
  }
  ++(work->sum == uint64_t{upto} * (upto + 1) / 2 ? tally.right : tally.wrong);
}

/// Plays one worker: it submits work, turns and cancels at random, and sometimes ends with work
/// outstanding.
void live(Pool& pool, unsigned seed, Tally& tally) {
  std::mt19937 random(seed);
  EventLoop loop;
  Mailbox mailbox;
  PoolPort port(pool, mailbox);
  loop.set_picker([&](size_t size) { return random() % size; });
  std::list<Task<void>> tasks;
  const auto any = [&] {
    return std::next(tasks.begin(), static_cast<std::ptrdiff_t>(random() % tasks.size()));
  };
  TaskScope scope;
  for (int step = 0; step < 300; ++step) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        tasks.push_back(add_up(port, random() % 3 == 0 ? 20'000 : random() % 100, tally));
        tasks.back().start();
        break;
      case 3:
        if (tasks.empty()) break;
        if (const auto one = any(); one->done()) {
          tasks.erase(one);
        } else {
          tasks.erase(one);
          ++tally.cancelled;
        }
        break;
      case 4:
        // Cancels in the turn that may deliver it, from a message or from a coroutine.
        if (tasks.empty()) break;
        if (random() % 2) {
          mailbox.post([&] {
            if (!tasks.empty()) tasks.erase(any());
          });
        } else {
          scope.spawn([](std::list<Task<void>>& tasks) -> Task<void> {
            co_await Yield();
            if (!tasks.empty()) tasks.pop_front();
          }(tasks));
        }
        break;
      case 5: std::erase_if(tasks, [](const Task<void>& task) { return task.done(); }); break;
      default: loop.turn(random() % 4 == 0 ? 1 : 0);
    }
  }
  if (seed % 2) return;
  const auto all_done = [&] {
    return std::ranges::all_of(tasks, [](const Task<void>& task) { return task.done(); });
  };
  for (int i = 0; i < 1000 && !all_done(); ++i) loop.turn(10);
  EXPECT_TRUE(all_done()) << "seed " << seed;
}

TEST(PoolStorm, WorkersAskCancelAndGoWhileWorkCompletes) {
  constexpr unsigned kRounds = 40, kWorkers = 3;
  Tally tally;
  for (unsigned round = 0; round < kRounds; ++round) {
    {
      // Some rounds fill the queue.
      Pool pool(1 + round % 3, round % 4 == 0 ? 4 : 1000);
      std::vector<std::thread> workers;
      for (unsigned i = 0; i < kWorkers; ++i)
        workers.emplace_back([&, seed = round * kWorkers + i] { live(pool, seed, tally); });
      for (std::thread& worker : workers) worker.join();
    }
    ASSERT_EQ(Sum::alive, 0) << "round " << round;
  }
  EXPECT_EQ(tally.wrong, 0);
  // Each of these cases must have happened.
  EXPECT_GT(tally.right, 1000);
  EXPECT_GT(tally.full, 0);
  EXPECT_GT(tally.cancelled, 0);
}

}  // namespace
}  // namespace weir::async
