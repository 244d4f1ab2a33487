// The access log: workers collect lines, and a separate thread writes them, so that logging never
// slows traffic.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "journal/log_target.h"

namespace weir::journal {

/// One per process. Lines that can't be written in time are dropped and counted, and a line on
/// standard error says so, at most once a second.
class AccessLog {
 public:
  /// At most `backlog_bytes` may wait to be written.
  explicit AccessLog(uint64_t backlog_bytes);
  /// Writes the remaining lines, for at most a second. Lines still left then count as dropped and
  /// are reported.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;

  /// Any thread. `lines` is the number of lines in `batch`. Batches are written in the order in
  /// which they arrive, each to its own target.
  void submit(std::string batch, uint64_t lines, const std::shared_ptr<LogTarget>& target);
  /// Any thread. The writer opens `target` again before it writes its next batch. If the writer is
  /// stuck because `target` accepts nothing, it gives up the current batch.
  void reopen(const std::shared_ptr<LogTarget>& target);
  /// Any thread. Counts lines that could not be made, for lack of memory, as dropped.
  void drop(uint64_t lines);
  uint64_t dropped() const;

 private:
  struct State;
  static void write_batches(std::shared_ptr<State> state);

  /// Shared with the writer: if that hangs in a write, the destructor leaves it behind with its
  /// reference.
  const std::shared_ptr<State> state_;
  std::thread writer_;
};

}  // namespace weir::journal
