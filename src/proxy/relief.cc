#include "proxy/relief.h"

#include "async/event_loop.h"
#include "base/account.h"
#include "base/event_log.h"
#include "base/memory.h"
#include "base/reserve.h"

namespace weir::proxy {
namespace {
/// How often the state is checked, how many connections are closed each time, how often other
/// workers are asked to do the same, and how often the event log reports it.
constexpr uint64_t kReliefMs = 8;
constexpr int kClosedAtOnce = 64;
constexpr uint64_t kAskOthersMs = 100;
constexpr uint64_t kSayAgainMs = 60'000;

uint64_t now_ms() {
  return async::EventLoop::current().now_ms();
}
}  // namespace

bool Relief::crowded() const {
  return base::Account::stand() != base::Memory::enough ||
         (lowest_rate_ != 0 &&
          uint64_t{shared_.connections.load(std::memory_order_relaxed)} * 8 >=
              uint64_t{shared_.max_connections.load(std::memory_order_relaxed)} * 7);
}

void Relief::relieve_soon() {
  if (alarm_.due_ms() > now_ms() + kReliefMs) alarm_.set(now_ms());
}

void Relief::close_idle() {
  int closed = 0;
  while (closed < kClosedAtOnce && connections_.shed_one()) ++closed;
  while (closed < kClosedAtOnce && pool_.drop_oldest()) ++closed;
}

void Relief::refill_reserve() {
  if (!base::Reserve::drawn_on()) return;
  uint64_t say_ms = shared_.say_again_ms.load(std::memory_order_relaxed);
  if (now_ms() >= say_ms &&
      shared_.say_again_ms.compare_exchange_strong(say_ms, now_ms() + kSayAgainMs)) {
    base::log_event("the system gives no memory: idle connections are closed, and who comes waits");
  }
  base::Reserve::refill();
}

void Relief::relieve() {
  alarm_.set(now_ms() + kAskOthersMs);  // If what follows runs out of memory, try again.
  if (base::Account::stand() != base::Memory::enough) base::keep_memory(false);
  refill_reserve();
  base::Account::compare();
  const bool scarce = base::Account::stand() != base::Memory::enough;
  // Free lists are allowed again only below 3/4 of the limit; filling them at once would bring the
  // shortage back.
  const uint64_t limit = base::Account::limit();
  const bool roomy =
      limit == 0 || base::Account::held_in_all() < static_cast<int64_t>(limit / 4 * 3);
  if (!scarce && roomy) base::keep_memory(true);
  if (!crowded()) {
    if (roomy && !base::Reserve::drawn_on()) alarm_.clear();
    return;
  }
  if (scarce) close_idle();
  if (lowest_rate_ != 0) connections_.cut_one_drip(lowest_rate_, now_ms());
  alarm_.set(now_ms() + kReliefMs);
  ask_others(scarce);
}

/// A worker notices the shortage only when its own holdings change; others may hold what can be
/// freed.
void Relief::ask_others(bool scarce) {
  uint64_t ask_ms = shared_.ask_again_ms.load(std::memory_order_relaxed);
  if (now_ms() < ask_ms ||
      !shared_.ask_again_ms.compare_exchange_strong(ask_ms, now_ms() + kAskOthersMs))
    return;
  shared_.ask_others(self_, [scarce](Colleague& worker) { worker.relieve(scarce); });
}

void Relief::make_room() {
  if (connections_.shed_one()) return;
  shared_.ask_others(self_, [](Colleague& worker) { worker.shed_one(); });
}

bool Relief::free_descriptor() {
  if (pool_.drop_oldest()) return true;
  if (connections_.shed_one()) return false;  // It closes when its task ends.
  shared_.ask_others(self_, [](Colleague& worker) { worker.shed_descriptor(); });
  return false;
}

}  // namespace weir::proxy
