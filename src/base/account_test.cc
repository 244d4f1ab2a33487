#include "base/account.h"

#include <gtest/gtest.h>
#include <sanitizer/allocator_interface.h>

#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/memory.h"

namespace weir::base {
namespace {

int64_t held(Holding holding) {
  return Account::held()[static_cast<size_t>(holding)];
}

/// Empties the free lists, so that counts are exact, and resets the limit.
class AccountTest : public testing::Test {
 protected:
  AccountTest() { keep_memory(false); }
  ~AccountTest() override {
    Account::set_limit(0);
    keep_memory(true);
  }
  const std::array<int64_t, kHoldings> before_ = Account::held();
  int64_t grown(Holding holding) { return held(holding) - before_[static_cast<size_t>(holding)]; }
};

TEST_F(AccountTest, WhatIsTakenIsChargedAndGivenBack) {
  struct {
    size_t size;
    int64_t least;
  } const cases[] = {{1, 1},
                     {64, 64},
                     {65, 65},
                     {4096, 4096},
                     {kLargestPooled, kLargestPooled},
                     {kLargestPooled + 1, kLargestPooled + 1},
                     {100'000, 100'000}};
  for (const auto& each : cases) {
    void* memory = take_memory(each.size);
    EXPECT_GE(grown(Holding::objects), each.least) << each.size;
    EXPECT_LT(grown(Holding::objects), each.least + 64) << each.size;
    give_back_memory(memory, each.size);
    EXPECT_EQ(grown(Holding::objects), 0) << each.size;
  }
}

TEST_F(AccountTest, BlocksOfAnySize) {
  for (const size_t size : {size_t{1}, Block::kSmall, size_t{50'000}, Block::kLarge}) {
    {
      auto block = Block::make(size);
      const auto other = block;
      EXPECT_EQ(grown(Holding::blocks), static_cast<int64_t>(size + sizeof(Block)));
    }
    EXPECT_EQ(grown(Holding::blocks), 0);
  }
}

TEST_F(AccountTest, WhatWaitsInFreeListsIsHeldUntilTheyAreEmptied) {
  keep_memory(true);
  for (int i = 0; i < 100; ++i) {
    std::vector<Ref<Block>> blocks;
    std::vector<void*> objects;
    for (int j = 0; j < 20; ++j) {
      blocks.push_back(Block::make(j % 2 ? Block::kSmall : Block::kLarge));
      objects.push_back(take_memory(200));
    }
    for (void* each : objects) give_back_memory(each, 200);
  }
  const int64_t now = grown(Holding::objects) + grown(Holding::blocks);
  EXPECT_EQ(now, static_cast<int64_t>(kept_bytes()));
  keep_memory(false);
  EXPECT_EQ(kept_bytes(), 0u);
  EXPECT_EQ(grown(Holding::objects), 0);
  EXPECT_EQ(grown(Holding::blocks), 0);
}

TEST_F(AccountTest, TablesAndTextsChargeThemselves) {
  {
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>,
                       Charged<std::pair<const int, int>>>
        table;
    for (int i = 0; i < 1000; ++i) table[i] = i;
    EXPECT_GE(grown(Holding::tables), 1000 * 16);
    ChargedText text(5000, 'x');
    EXPECT_GE(grown(Holding::objects), 5000);
  }
  EXPECT_EQ(grown(Holding::tables), 0);
  EXPECT_EQ(grown(Holding::objects), 0);
}

TEST_F(AccountTest, OneThreadMayGiveBackWhatAnotherTook) {
  std::thread taker([] { Account::charge(Holding::tables, 1000); });
  taker.join();
  EXPECT_EQ(grown(Holding::tables), 1000) << "also of a thread that has ended";
  std::thread giver([] { Account::charge(Holding::tables, -400); });
  giver.join();
  Account::charge(Holding::tables, -600);
  EXPECT_EQ(grown(Holding::tables), 0);
}

TEST_F(AccountTest, ManyThreadsAddUp) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 10'000; ++j) {
        Account::charge(Holding::pipes, 3);
        Account::charge(Holding::pipes, -2);
      }
    });
  }
  for (int i = 0; i < 100; ++i) (void)Account::held_in_all();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(grown(Holding::pipes), 80'000);
  Account::charge(Holding::pipes, -80'000);
}

TEST_F(AccountTest, StandsByTheLimit) {
  constexpr int64_t kMiB = 1024 * 1024;
  const int64_t base = Account::held_in_all();
  Account::set_limit(static_cast<uint64_t>(base + 64 * kMiB));
  const auto limit = static_cast<int64_t>(Account::limit());
  const auto go_to = [&](int64_t held) {
    Account::charge(Holding::pipes, held - Account::held_in_all());
  };
  const std::pair<int64_t, Memory> cases[] = {
      {base, Memory::enough},
      {limit - limit / 8 - Account::kStep, Memory::enough},
      {limit - limit / 8, Memory::near},
      {limit - Account::kStep, Memory::near},
      {limit, Memory::full},
      {limit + limit / 16 - Account::kStep, Memory::full},
      {limit + limit / 16, Memory::over},
      {limit, Memory::full},
      {limit - Account::kStep, Memory::near},
      {base, Memory::enough},
  };
  for (const auto& [to, stand] : cases) {
    go_to(to);
    EXPECT_EQ(Account::stand(), stand) << to - base;
    EXPECT_EQ(Block::bulk(), stand == Memory::enough ? Block::kLarge
                             : stand == Memory::over ? Block::kTiny
                                                     : Block::kSmall);
  }
  go_to(limit);
  Account::set_limit(0);
  EXPECT_EQ(Account::stand(), Memory::enough) << "no limit";
  go_to(base);
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
thread_local int pieces_taken = 0;

TEST_F(AccountTest, AThreadsFirstChargeNeedsNoMemory) {
  // The hook can't fail. It runs inside operator new when that has found no memory.
  static const int installed = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, size_t) { ++pieces_taken; }, [](const volatile void*) {});
  ASSERT_GT(installed, 0);
  int taken = -1;
  std::thread first([&] {
    const int before = pieces_taken;
    Account::charge(Holding::tables, 1);
    taken = pieces_taken - before;
    Account::charge(Holding::tables, -1);
  });
  first.join();
  EXPECT_EQ(taken, 0);
}
#endif

struct Told {
  void tell() { ++times; }
  int times = 0;
};

TEST_F(AccountTest, WhoFindsItScarceIsTold) {
  Told told;
  const Account::Watch watch(Callback<>::to<&Told::tell>(told));
  Account::charge(Holding::pipes, 100 * Account::kStep);
  EXPECT_EQ(told.times, 0);
  Account::set_limit(static_cast<uint64_t>(Account::held_in_all() + 2 * Account::kStep));
  const int at_once = told.times;
  EXPECT_GT(at_once, 0);
  Account::charge(Holding::pipes, 1);
  EXPECT_EQ(told.times, at_once) << "only when it has changed by a step";
  Account::charge(Holding::pipes, Account::kStep);
  EXPECT_GT(told.times, at_once);
  Account::charge(Holding::pipes, -101 * Account::kStep - 1);
}

}  // namespace
}  // namespace weir::base
