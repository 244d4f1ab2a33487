// A command while it runs.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "control/command.h"

namespace weir::control {

/// Bytes of an answer that a client holds at once.
inline constexpr size_t kPieceBytes = 16 * 1024;

/// One client's command and its answer. While `away` is true it belongs to the Runner's thread,
/// else to the thread that serves the socket; only `stop` and `wake` are for both at any time.
struct Job {
  explicit Job(std::shared_ptr<const Bell> bell) : wake(std::make_shared<Wake>(std::move(bell))) {}

  /// Runs the command, or reads the next piece of its answer. Each call leaves in `piece` what is
  /// to be sent; nothing, and no source, at the end.
  void step() noexcept;

  Command command;
  Request request;
  std::string piece;
  std::unique_ptr<Source> source;
  Source::Next next = Source::Next::more;
  /// The last step threw: there is nothing to send.
  bool broken = false;
  std::atomic<bool> away = false;
  std::stop_source stop;
  const std::shared_ptr<Wake> wake;

 private:
  void run();
  void read();
  bool has_run_ = false;
};

}  // namespace weir::control
