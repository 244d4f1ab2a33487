#include "proxy/access_log.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/clock.h"
#include "base/event_log.h"

namespace weir::proxy {
namespace {
constexpr int kPollMs = 100;
constexpr uint64_t kLastWordsMs = 1000;
}  // namespace

AccessLog::AccessLog(int descriptor, uint64_t backlog_bytes)
    : descriptor_(descriptor), backlog_bytes_(backlog_bytes), writer_([this] { write_batches(); }) {}

AccessLog::~AccessLog() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void AccessLog::submit(std::string batch, uint64_t lines) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_bytes_ + batch.size() > backlog_bytes_) {
      dropped_.fetch_add(lines, std::memory_order_relaxed);
      return;
    }
    waiting_bytes_ += batch.size();
    batches_.push_back(std::move(batch));
  }
  changed_.notify_one();
}

void AccessLog::write_batches() {
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !batches_.empty(); });
    if (batches_.empty()) return;
    std::string batch = std::move(batches_.front());
    batches_.pop_front();
    lock.unlock();
    write_whole(batch);
    tell_of_dropped();
    lock.lock();
    waiting_bytes_ -= batch.size();
  }
}

/// At most once a second: a log that can't keep up is told of, not added to.
void AccessLog::tell_of_dropped() {
  const uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  const uint64_t now_ms = base::monotonic_ms();
  if (dropped == told_dropped_ || now_ms < told_ms_ + 1000) return;
  base::log_event("the access log can't keep up: " + std::to_string(dropped - told_dropped_) + " lines were dropped");
  told_dropped_ = dropped;
  told_ms_ = now_ms;
}

void AccessLog::write_whole(const std::string& batch) {
  size_t written = 0;
  uint64_t give_up_ms = 0;
  while (written < batch.size()) {
    // Waiting by poll, so that a reader that has stopped can't keep the process from ending.
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, kPollMs) == 0) {
      tell_of_dropped();
      if (ending_ && give_up_ms == 0) give_up_ms = base::monotonic_ms() + kLastWordsMs;
      if (give_up_ms != 0 && base::monotonic_ms() > give_up_ms) return;
      continue;
    }
    // A pipe takes PIPE_BUF bytes without blocking once poll has said so.
    const size_t piece = std::min<size_t>(batch.size() - written, 4096);
    const ssize_t n = write(descriptor_, batch.data() + written, piece);
    if (n > 0) {
      written += static_cast<size_t>(n);
    } else if (errno != EINTR && errno != EAGAIN) {
      return;  // A full disk or a closed pipe: these lines are lost, the next ones may not be.
    }
  }
}

}  // namespace weir::proxy
