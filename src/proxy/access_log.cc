#include "proxy/access_log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/event_log.h"

namespace weir::proxy {
namespace {
constexpr auto kLastWords = std::chrono::seconds(1);
}  // namespace

struct AccessLog::State {
  State(int descriptor, uint64_t backlog_bytes) : descriptor(descriptor), backlog_bytes(backlog_bytes) {}

  const int descriptor;
  const uint64_t backlog_bytes;
  std::atomic<uint64_t> dropped{0};
  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable ended;
  std::string waiting;
  uint64_t waiting_lines = 0;
  size_t in_write = 0;
  bool ending = false;
  bool done = false;
  uint64_t told_dropped = 0;
  uint64_t told_ms = 0;

  /// At most once a second: a log that can't keep up is told of, not added to. With the lock held.
  void tell_of_dropped() {
    const uint64_t now = dropped.load(std::memory_order_relaxed);
    const uint64_t now_ms = base::monotonic_ms();
    if (now == told_dropped || now_ms < told_ms + 1000) return;
    base::log_event("the access log can't be written: " + std::to_string(now - told_dropped) + " lines were dropped");
    told_dropped = now;
    told_ms = now_ms;
  }
};

AccessLog::AccessLog(int descriptor, uint64_t backlog_bytes)
    : state_(std::make_shared<State>(descriptor, backlog_bytes)), writer_(write_batches, state_) {}

AccessLog::~AccessLog() {
  bool done;
  {
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    state_->changed.notify_one();
    done = state_->ended.wait_for(lock, kLastWords, [this] { return state_->done; });
  }
  if (done) {
    writer_.join();
  } else {
    writer_.detach();
  }
}

uint64_t AccessLog::dropped() const { return state_->dropped.load(std::memory_order_relaxed); }

void AccessLog::submit(std::string batch, uint64_t lines) {
  State& state = *state_;
  bool wake;
  {
    std::lock_guard lock(state.mutex);
    if (state.waiting.size() + state.in_write + batch.size() > state.backlog_bytes) {
      state.dropped.fetch_add(lines, std::memory_order_relaxed);
      state.tell_of_dropped();
      return;
    }
    wake = state.waiting.empty();
    state.waiting_lines += lines;
    if (wake) {
      state.waiting = std::move(batch);
    } else {
      state.waiting += batch;
    }
  }
  if (wake) state.changed.notify_one();
}

void AccessLog::write_batches(std::shared_ptr<State> shared) {
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  State& state = *shared;
  std::string batch;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return state.ending || !state.waiting.empty(); });
    if (state.waiting.empty()) break;
    batch.clear();
    batch.swap(state.waiting);
    state.in_write = batch.size();
    const uint64_t lines = std::exchange(state.waiting_lines, 0);
    bool lost = false;
    lock.unlock();
    for (size_t written = 0; written < batch.size();) {
      const ssize_t n = write(state.descriptor, batch.data() + written, batch.size() - written);
      if (n > 0) {
        written += static_cast<size_t>(n);
      } else if (errno != EINTR && errno != EAGAIN) {
        lost = true;  // A full disk or a closed pipe: the next lines may not be.
        break;
      } else {
        usleep(1000);
      }
    }
    lock.lock();
    state.in_write = 0;
    if (lost) state.dropped.fetch_add(lines, std::memory_order_relaxed);
    state.tell_of_dropped();
  }
  state.done = true;
  state.ended.notify_one();
}

}  // namespace weir::proxy
