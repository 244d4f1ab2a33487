// The access log: lines gathered by the workers, written by a thread of its own, so that it never
// slows traffic.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "journal/log_target.h"

namespace weir::journal {

/// Of the process. What can't be written in time is dropped and counted, and a line on standard
/// error says so, at most once a second.
class AccessLog {
 public:
  /// `backlog_bytes` may wait to be written.
  explicit AccessLog(uint64_t backlog_bytes);
  /// Writes what is left, for at most a second; what then still is counts as dropped, and is told.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;

  /// Any thread. `lines` is how many lines `batch` has. Batches are written in the order in which
  /// they came, each to its target.
  void submit(std::string batch, uint64_t lines, const std::shared_ptr<LogTarget>& target);
  /// Any thread: before it writes on, the writer opens `target` again. One that takes nothing is
  /// not waited for.
  void reopen(const std::shared_ptr<LogTarget>& target);
  /// Lines that could not be made: they count as dropped. Any thread.
  void drop(uint64_t lines);
  uint64_t dropped() const;

 private:
  struct State;
  static void write_batches(std::shared_ptr<State> state);

  /// The writer's too: where it hangs in a write for good, it is left behind with its share.
  const std::shared_ptr<State> state_;
  std::thread writer_;
};

}  // namespace weir::journal
