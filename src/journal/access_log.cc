#include "journal/access_log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/account.h"
#include "base/clock.h"
#include "base/event_log.h"

namespace weir::journal {
namespace {
constexpr size_t kJoined = 256 * 1024;  // Batches are written together up to this many bytes.
constexpr auto kLastWords = std::chrono::seconds(1);
constexpr uint64_t kTellMs = 1000;
}  // namespace

struct AccessLog::State {
  explicit State(uint64_t backlog_bytes) : backlog_bytes(backlog_bytes) {}

  /// Consecutive lines for one target.
  struct Batch {
    std::shared_ptr<LogTarget> target;
    std::string text;
    uint64_t lines;
  };

  const uint64_t backlog_bytes;
  std::atomic<uint64_t> dropped{0};
  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable ended;
  /// Usually one batch; more for a moment after a reload that changed the target, or if one batch
  /// is full.
  std::deque<Batch> waiting;
  /// Bytes in all waiting batches and in the one that is being written.
  size_t waiting_bytes = 0;
  std::vector<std::shared_ptr<LogTarget>> to_reopen;
  bool ending = false;
  bool done = false;
  /// The target that the writer is writing to; it may hang there.
  std::shared_ptr<LogTarget> current;
  uint64_t current_lines = 0;
  uint64_t told_dropped = 0;
  uint64_t told_ms = 0;

  /// Why the last lines were dropped: errno's value. EAGAIN: they came faster than the target
  /// accepted them.
  int error = 0;

  /// Call it with the lock held.
  void drop(uint64_t lines, int why) {
    dropped.fetch_add(lines, std::memory_order_relaxed);
    error = why;
    changed.notify_one();
  }
  bool untold() const { return dropped.load(std::memory_order_relaxed) != told_dropped; }
  bool wanted() const { return ending || !waiting.empty() || !to_reopen.empty(); }

  /// Reports dropped lines, at most once a second and `at_last`, so that a log that can't keep up
  /// does not cause many messages. Unlocks while it writes the message.
  void tell_of_dropped(std::unique_lock<std::mutex>& lock, bool at_last = false) noexcept try {
    const uint64_t now_ms = base::monotonic_ms();
    if (!untold() || (!at_last && now_ms < told_ms + kTellMs)) return;
    const uint64_t now = dropped.load(std::memory_order_relaxed);
    const uint64_t lines = now - told_dropped;
    const std::string words =
        "the access log can't be written: " + std::to_string(lines) +
        (lines == 1 ? " line was" : " lines were") + " dropped (" +
        (error == EAGAIN ? "its target does not take them in time" : std::strerror(error)) + ')';
    told_dropped = now;
    told_ms = now_ms;
    lock.unlock();
    base::log_event(words);
    lock.lock();
  } catch (const std::bad_alloc&) {
    if (!lock.owns_lock()) lock.lock();
  }

  /// Tells targets that the writer may hang at, other than `wanted`, to hurry.
  void hurry(const std::shared_ptr<LogTarget>& wanted) const {
    if (current && current != wanted) current->hurry();
    if (!waiting.empty() && waiting.front().target != wanted) waiting.front().target->hurry();
  }
};

AccessLog::AccessLog(uint64_t backlog_bytes)
    : state_(std::make_shared<State>(backlog_bytes)), writer_(write_batches, state_) {}

AccessLog::~AccessLog() {
  bool done;
  {
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    if (state_->current) state_->current->hurry_for_good();
    state_->changed.notify_one();
    done = state_->ended.wait_for(lock, kLastWords, [this] { return state_->done; });
    if (!done) {
      uint64_t left = state_->current_lines;
      for (const State::Batch& batch : state_->waiting) left += batch.lines;
      state_->drop(left, EAGAIN);
    }
    state_->tell_of_dropped(lock, true);
  }
  if (done) {
    writer_.join();
  } else {
    writer_.detach();
  }
}

uint64_t AccessLog::dropped() const {
  return state_->dropped.load(std::memory_order_relaxed);
}

void AccessLog::drop(uint64_t lines) {
  std::lock_guard lock(state_->mutex);
  state_->drop(lines, ENOMEM);
}

void AccessLog::submit(std::string batch, uint64_t lines,
                       const std::shared_ptr<LogTarget>& target) {
  State& state = *state_;
  bool wake;
  {
    std::unique_lock lock(state.mutex);
    state.hurry(target);
    if (state.waiting_bytes + batch.size() > state.backlog_bytes) {
      state.drop(lines, EAGAIN);
      // Reported from here, because the writer may hang.
      state.tell_of_dropped(lock);
      return;
    }
    wake = state.waiting.empty();
    const size_t size = batch.size();
    try {
      // Bounded by kJoined, because a text that grows is in memory twice for a moment.
      if (!wake && state.waiting.back().target == target &&
          state.waiting.back().text.size() + size <= kJoined) {
        state.waiting.back().text += batch;
        state.waiting.back().lines += lines;
      } else {
        state.waiting.push_back({target, std::move(batch), lines});
      }
    } catch (const std::bad_alloc&) {
      return state.drop(lines, ENOMEM);
    }
    state.waiting_bytes += size;
    base::Account::charge(base::Holding::log, static_cast<int64_t>(size));
  }
  if (wake) state.changed.notify_one();
}

void AccessLog::reopen(const std::shared_ptr<LogTarget>& target) {
  if (!target->reopens()) return;
  {
    std::lock_guard lock(state_->mutex);
    target->hurry();
    // If it is requested twice before the writer gets to it, the target is opened once.
    if (std::ranges::find(state_->to_reopen, target) == state_->to_reopen.end())
      state_->to_reopen.push_back(target);
  }
  state_->changed.notify_one();
}

void AccessLog::write_batches(std::shared_ptr<State> shared) {
  // The main thread handles all signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  base::Account::compare();  // Makes this thread's ledger while there is memory.
  State& state = *shared;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.tell_of_dropped(lock);
    if (!state.wanted()) {
      if (state.untold()) {
        state.changed.wait_for(lock, std::chrono::milliseconds(kTellMs),
                               [&] { return state.wanted(); });
      } else {
        state.changed.wait(lock, [&] { return state.wanted() || state.untold(); });
      }
      continue;
    }
    if (!state.to_reopen.empty()) {
      const auto targets = std::exchange(state.to_reopen, {});
      lock.unlock();
      for (const auto& target : targets) target->reopen();
      lock.lock();
      continue;
    }
    if (state.waiting.empty()) break;
    State::Batch batch = std::move(state.waiting.front());
    state.waiting.pop_front();
    state.current = batch.target;
    state.current_lines = batch.lines;
    if (state.ending) state.current->hurry_for_good();
    lock.unlock();
    const uint64_t lost = batch.target->write(batch.text);
    const int error = batch.target->error();
    // If this is the last reference to a target that is no longer used, close it here.
    batch.target.reset();
    lock.lock();
    state.current_lines = 0;
    if (auto last = std::exchange(state.current, nullptr); last.use_count() == 1) {
      lock.unlock();
      last.reset();
      lock.lock();
    }
    state.waiting_bytes -= batch.text.size();
    base::Account::charge(base::Holding::log, -static_cast<int64_t>(batch.text.size()));
    if (lost > 0) state.drop(lost, error);
  }
  state.done = true;
  state.ended.notify_one();
}

}  // namespace weir::journal
