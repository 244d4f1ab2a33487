// The access log: lines gathered by the workers, written by a thread of its own, so that it never slows traffic.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace weir::proxy {

/// Of the process. What can't be written in time is dropped and counted, and a line on standard error says so.
class AccessLog {
 public:
  /// `descriptor` stays the caller's. `backlog_bytes` may wait to be written.
  AccessLog(int descriptor, uint64_t backlog_bytes);
  /// Writes what is left, for at most a second.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;

  /// Any thread. `lines` is how many lines `batch` has.
  void submit(std::string batch, uint64_t lines);
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void write_batches();
  void write_whole(const std::string& batch);
  void tell_of_dropped();

  const int descriptor_;
  const uint64_t backlog_bytes_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> batches_;
  uint64_t waiting_bytes_ = 0;
  uint64_t told_dropped_ = 0;
  uint64_t told_ms_ = 0;
  std::thread writer_;
};

}  // namespace weir::proxy
