// What a worker does while memory or connections come near their limit.
#include "base/account.h"
#include "base/event_log.h"
#include "base/memory.h"
#include "base/reserve.h"
#include "proxy/worker.h"

namespace weir::proxy {
namespace {
/// How often that is looked at, how much is closed each time, and how often other workers are asked
/// to do the same.
constexpr uint64_t kReliefMs = 8;
constexpr int kClosedAtOnce = 64;
constexpr uint64_t kAskOthersMs = 100;
constexpr uint64_t kSayAgainMs = 60'000;
}  // namespace

bool Worker::crowded() const {
  return base::Account::stand() != base::Memory::enough ||
         (snapshot_->config.lowest_rate != 0 &&
          uint64_t{shared_.connections.load(std::memory_order_relaxed)} * 8 >=
              uint64_t{shared_.max_connections.load(std::memory_order_relaxed)} * 7);
}

void Worker::relieve_soon() {
  if (relief_.due_ms() > loop_.now_ms() + kReliefMs) relief_.set(loop_.now_ms());
}

void Worker::close_idle() {
  int closed = 0;
  while (closed < kClosedAtOnce && connections_.shed_one()) ++closed;
  while (closed < kClosedAtOnce && pool_.drop_oldest()) ++closed;
}

void Worker::relieve() {
  relief_.set(loop_.now_ms() + kAskOthersMs);  // Should there be no memory for what follows.
  if (base::Account::stand() != base::Memory::enough) base::keep_memory(false);
  if (base::Reserve::drawn_on()) {
    uint64_t say_ms = shared_.say_again_ms.load(std::memory_order_relaxed);
    if (loop_.now_ms() >= say_ms &&
        shared_.say_again_ms.compare_exchange_strong(say_ms, loop_.now_ms() + kSayAgainMs)) {
      base::log_event(
          "the system gives no memory: idle connections are closed, and who comes waits");
    }
    base::Reserve::refill();
  }
  base::Account::compare();
  const bool scarce = base::Account::stand() != base::Memory::enough;
  // Free lists that fill again at once would bring it back to where it was.
  const uint64_t limit = base::Account::limit();
  const bool roomy =
      limit == 0 || base::Account::held_in_all() < static_cast<int64_t>(limit / 4 * 3);
  if (!scarce && roomy) base::keep_memory(true);
  if (!crowded()) {
    if (roomy && !base::Reserve::drawn_on()) relief_.clear();
    return;
  }
  if (scarce) close_idle();
  if (const uint64_t lowest = snapshot_->config.lowest_rate; lowest != 0)
    connections_.cut_one_drip(lowest, loop_.now_ms());
  relief_.set(loop_.now_ms() + kReliefMs);
  ask_others_to_relieve(scarce);
}

/// Only who holds more than before notices: the others may hold what could go.
void Worker::ask_others_to_relieve(bool scarce) {
  uint64_t ask_ms = shared_.ask_again_ms.load(std::memory_order_relaxed);
  if (loop_.now_ms() < ask_ms ||
      !shared_.ask_again_ms.compare_exchange_strong(ask_ms, loop_.now_ms() + kAskOthersMs))
    return;
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) {
    if (worker == this) continue;
    worker->mailbox_.post([worker, scarce] {
      if (scarce) base::keep_memory(false);
      worker->relieve_soon();
    });
  }
}

}  // namespace weir::proxy
