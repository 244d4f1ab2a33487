#include "async/doorbell.h"

#include <gtest/gtest.h>

#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace weir::async {
namespace {

/// Something that other threads change, and the bell by which they say so.
struct Watched {
  std::mutex mutex;
  int value = 0;
  Bell* bell = nullptr;

  void change() {
    Rings rings;
    const std::lock_guard lock(mutex);
    ++value;
    rings.add(bell);
  }
};

class Looks final : public Bell {
 public:
  Looks(Doorbell& door, Watched& at) : Bell(door), at_(at) { ++alive; }
  ~Looks() override { --alive; }
  void answer() noexcept override {
    const std::lock_guard lock(at_.mutex);
    seen = at_.value;
    ++answers;
  }
  static inline int alive = 0;
  int seen = 0, answers = 0;

 private:
  Watched& at_;
};

std::unique_ptr<Looks> hung(Doorbell& door, Watched& at) {
  auto bell = std::make_unique<Looks>(door, at);
  const std::lock_guard lock(at.mutex);
  at.bell = bell.get();
  return bell;
}
void take_down(std::unique_ptr<Looks> bell, Watched& at) {
  {
    const std::lock_guard lock(at.mutex);
    at.bell = nullptr;
  }
  Bell::retire(std::move(bell));
}

class DoorbellTest : public testing::Test {
 protected:
  DoorbellTest() { door_.attach(); }
  ~DoorbellTest() override { door_.detach(); }

  EventLoop loop_;
  Doorbell door_;
};

TEST_F(DoorbellTest, ManyRingsAreOneAnswer) {
  Watched watched;
  auto bell = hung(door_, watched);
  for (int i = 0; i < 5; ++i) watched.change();
  loop_.turn(1000);
  EXPECT_EQ(bell->seen, 5);
  EXPECT_EQ(bell->answers, 1);
  loop_.turn(0);
  EXPECT_EQ(bell->answers, 1);
  watched.change();
  loop_.turn(1000);
  EXPECT_EQ(bell->seen, 6);
  take_down(std::move(bell), watched);
  EXPECT_EQ(Looks::alive, 0);
}

TEST_F(DoorbellTest, ARetiredBellIsFreedOnceItIsTaken) {
  Watched watched;
  auto bell = hung(door_, watched);
  watched.change();
  take_down(std::move(bell), watched);
  EXPECT_EQ(Looks::alive, 1) << "it is in the list";
  watched.change();
  loop_.turn(1000);
  EXPECT_EQ(Looks::alive, 0);
}

/// Retires another bell that was rung as well, while both are being taken.
TEST_F(DoorbellTest, ABellMayBeRetiredByAnothersAnswer) {
  struct Retires final : Bell {
    using Bell::Bell;
    void answer() noexcept override { Bell::retire(std::move(other)); }
    std::unique_ptr<Bell> other;
  };
  Watched first, second;
  auto bell = hung(door_, first);
  Retires retires(door_);
  second.bell = &retires;
  first.change();
  second.change();  // Taken first: the newest one is.
  first.bell = nullptr;
  retires.other = std::move(bell);
  loop_.turn(1000);
  EXPECT_EQ(Looks::alive, 0);
}

TEST_F(DoorbellTest, AWorkerThatHasStoppedIsRungForNothing) {
  Watched watched;
  {
    Doorbell other;
    other.attach();
    auto bell = hung(other, watched);
    other.detach();
    watched.change();
    loop_.turn(0);
    EXPECT_EQ(bell->answers, 0);
    take_down(std::move(bell), watched);
    EXPECT_EQ(Looks::alive, 1);
  }
  EXPECT_EQ(Looks::alive, 0);
}

/// ThreadSanitizer judges, and that nothing is lost: each bell has seen the last change.
TEST_F(DoorbellTest, FromManyThreads) {
  constexpr int kBells = 8, kThreads = 4, kChanges = 5000;
  std::vector<Watched> watched(kBells);
  std::vector<std::unique_ptr<Looks>> bells;
  for (Watched& each : watched) bells.push_back(hung(door_, each));
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < kChanges; ++i) watched[random() % kBells].change();
      ++ended;
    });
  }
  std::mt19937 random(99);
  while (ended < kThreads) {
    loop_.turn(1);
    const size_t place = random() % kBells;
    take_down(std::move(bells[place]), watched[place]);
    bells[place] = hung(door_, watched[place]);
    bells[place]->answer();  // As whoever begins to watch looks once.
  }
  for (std::thread& thread : threads) thread.join();
  while (loop_.turn(0)) {
  }
  int total = 0;
  for (int i = 0; i < kBells; ++i) {
    EXPECT_EQ(bells[static_cast<size_t>(i)]->seen, watched[static_cast<size_t>(i)].value);
    total += watched[static_cast<size_t>(i)].value;
    take_down(std::move(bells[static_cast<size_t>(i)]), watched[static_cast<size_t>(i)]);
  }
  EXPECT_EQ(total, kThreads * kChanges);
  EXPECT_EQ(Looks::alive, 0);
}

}  // namespace
}  // namespace weir::async
