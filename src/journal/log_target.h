// Where lines go: standard output, a file, syslog.
#pragma once
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "journal/config.h"
#include "journal/log_line.h"

namespace weir::journal {

/// Of the process; after it is opened, of the writer's thread alone but for hurry().
class LogTarget {
 public:
  virtual ~LogTarget() = default;
  /// Writes lines, each with its end; waits where it must. How many of them could not be written.
  virtual uint64_t write(std::string_view lines) = 0;
  /// Why the last ones could not: errno's value. EAGAIN: it took nothing.
  int error() const { return error_; }
  /// A file is opened again by its name; what can't be opened stays as it was, and an event says
  /// so. It is in no hurry after.
  virtual void reopen() { hurried_ = false; }
  /// It has something to open again.
  virtual bool reopens() const { return false; }
  /// Any thread: the writer is wanted elsewhere, and does not wait for good for a target that takes
  /// nothing.
  void hurry() noexcept { hurried_ = true; }
  /// The same until it goes: Weir ends.
  void hurry_for_good() noexcept { for_good_ = true; }

 protected:
  void failed(int error) { error_ = error; }
  /// For a target that takes nothing now: waits a little for `descriptor`. False: given up,
  /// whatever is left is lost.
  bool wait_for_room(int descriptor);
  /// It took something: nobody need leave it. Who still wants the writer elsewhere says so again.
  void got_on() {
    stuck_since_ms_ = 0;
    if (hurried_.load(std::memory_order_relaxed)) hurried_ = false;
  }

 private:
  std::atomic<bool> hurried_{false};
  std::atomic<bool> for_good_{false};
  int error_ = 0;
  uint64_t stuck_since_ms_ = 0;  // 0: it takes what it is given.
};

/// Standard output, or a file or syslog's socket, as `config` says. The error is for a person. A
/// syslog that is not there may come later.
std::expected<std::shared_ptr<LogTarget>, std::string> open_log_target(const LogConfig& config);

/// `descriptor` stays the caller's.
std::shared_ptr<LogTarget> log_to_descriptor(int descriptor);

/// What a worker's lines look like and where they go; swapped by a reload.
struct LogSetting {
  LogFormat format = LogFormat::combined;
  std::shared_ptr<LogTarget> target;
};

}  // namespace weir::journal
