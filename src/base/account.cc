#include "base/account.h"

#include <algorithm>
#include <atomic>

namespace weir::base {
namespace {

/// One thread's counts. Written by that thread alone, so that a load and a store are enough; never
/// freed, since its thread may end before what it charged is given back elsewhere.
struct alignas(64) Ledger {
  std::array<std::atomic<int64_t>, kHoldings> held{};
  std::atomic<int64_t> total{0};
  int64_t compare_above = Account::kStep;
  int64_t compare_below = -Account::kStep;
  Callback<> on_scarce;
  Ledger* next = nullptr;
};

std::atomic<Ledger*> ledgers{nullptr};
// The ledgers of the first kReady threads, as a rule all threads of the process, are static:
// charge() can't fail, and may be called when there is no memory.
constexpr size_t kReady = 256;
constinit std::array<Ledger, kReady> ready_ledgers;
std::atomic<size_t> ready_taken{0};
std::atomic<uint64_t> the_limit{0};
std::atomic<Memory> the_stand{Memory::enough};
std::atomic<bool> exhausted{false};

// Trivially destructible, since destructors of other objects still give memory back when a thread
// ends.
thread_local Ledger* own_ledger = nullptr;

Ledger& mine() {
  if (!own_ledger) {
    const size_t place = ready_taken.fetch_add(1, std::memory_order_relaxed);
    own_ledger = place < kReady ? &ready_ledgers[place] : new Ledger;
    own_ledger->next = ledgers.load(std::memory_order_relaxed);
    while (!ledgers.compare_exchange_weak(own_ledger->next, own_ledger, std::memory_order_release,
                                          std::memory_order_relaxed)) {
    }
  }
  return *own_ledger;
}

int64_t add(std::atomic<int64_t>& count, int64_t bytes) {
  const int64_t sum = count.load(std::memory_order_relaxed) + bytes;
  count.store(sum, std::memory_order_relaxed);
  return sum;
}

Memory stand_of(int64_t held, uint64_t limit) {
  if (limit == 0 || held < 0) return Memory::enough;
  const auto bytes = static_cast<uint64_t>(held);
  if (bytes >= limit + limit / 16) return Memory::over;
  if (bytes >= limit) return Memory::full;
  return bytes >= limit - limit / 8 ? Memory::near : Memory::enough;
}

void compare_for(Ledger& ledger) {
  const uint64_t limit = the_limit.load(std::memory_order_relaxed);
  const int64_t step =
      limit == 0 ? Account::kStep
                 : static_cast<int64_t>(std::clamp<uint64_t>(limit / 256, 4096, Account::kStep));
  const int64_t total = ledger.total.load(std::memory_order_relaxed);
  ledger.compare_above = total + step;
  ledger.compare_below = total - step;
  Memory now = limit == 0 ? Memory::enough : stand_of(Account::held_in_all(), limit);
  if (exhausted.load(std::memory_order_relaxed)) now = Memory::over;
  if (now != the_stand.load(std::memory_order_relaxed))
    the_stand.store(now, std::memory_order_relaxed);
  if (now != Memory::enough && ledger.on_scarce) ledger.on_scarce();
}

}  // namespace

std::string_view name_of(Holding holding) {
  static constexpr std::string_view kNames[] = {"objects", "blocks", "pipes",   "tables",
                                                "log",     "tls",    "promised"};
  static_assert(std::size(kNames) == kHoldings);
  return kNames[static_cast<size_t>(holding)];
}

void Account::charge(Holding holding, int64_t bytes) noexcept {
  Ledger& ledger = mine();
  add(ledger.held[static_cast<size_t>(holding)], bytes);
  const int64_t total = add(ledger.total, bytes);
  if (total >= ledger.compare_above || total <= ledger.compare_below) compare_for(ledger);
}

Memory Account::stand() noexcept {
  return the_stand.load(std::memory_order_relaxed);
}
void Account::compare() noexcept {
  compare_for(mine());
}
uint64_t Account::limit() noexcept {
  return the_limit.load(std::memory_order_relaxed);
}

void Account::set_exhausted(bool now) noexcept {
  exhausted.store(now, std::memory_order_relaxed);
  if (!now) return compare();
  the_stand.store(Memory::over, std::memory_order_relaxed);
  // A thread without a ledger has nothing to close.
  if (own_ledger && own_ledger->on_scarce) own_ledger->on_scarce();
}

void Account::set_limit(uint64_t bytes) noexcept {
  the_limit.store(bytes, std::memory_order_relaxed);
  compare();
}

std::array<int64_t, kHoldings> Account::held() noexcept {
  std::array<int64_t, kHoldings> sums{};
  for (const Ledger* ledger = ledgers.load(std::memory_order_acquire); ledger;
       ledger = ledger->next) {
    for (size_t i = 0; i < kHoldings; ++i)
      sums[i] += ledger->held[i].load(std::memory_order_relaxed);
  }
  return sums;
}

int64_t Account::held_in_all() noexcept {
  int64_t sum = 0;
  for (const Ledger* ledger = ledgers.load(std::memory_order_acquire); ledger;
       ledger = ledger->next) {
    sum += ledger->total.load(std::memory_order_relaxed);
  }
  return sum;
}

Account::Watch::Watch(Callback<> on_scarce) noexcept {
  mine().on_scarce = on_scarce;
}
Account::Watch::~Watch() {
  mine().on_scarce = {};
}

}  // namespace weir::base
