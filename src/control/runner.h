// The thread of slow commands.
#pragma once
#include <memory>
#include <thread>

#include "control/job.h"

namespace weir::control {

/// Runs the steps of slow commands one after another, on a thread that the first of them starts.
/// Used by the thread that serves the socket. Its queue is as long as there are clients with a slow
/// command, since each has one step in it at most.
class Runner {
 public:
  /// `bell` rings after each step.
  explicit Runner(std::shared_ptr<const Bell> bell);
  Runner(const Runner&) = delete;
  /// Drops the steps that have not begun and asks the running one to stop. If that has not ended
  /// within kEndMs, its thread is left behind and ends with the process.
  ~Runner();

  static constexpr int kEndMs = 500;

  /// Marks the job as away until its next step is done, or was skipped because its `stop` was
  /// requested. False: no thread could be started.
  bool add(const std::shared_ptr<Job>& job);

 private:
  struct State;
  static void run(State& state);

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace weir::control
