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

/// Shared by the whole process. Once it is open, only the writer's thread uses it, except for
/// hurry() and hurry_for_good().
class LogTarget {
 public:
  virtual ~LogTarget() = default;
  /// Writes lines, each with its line end, and waits if it must. Returns how many lines could not
  /// be written.
  virtual uint64_t write(std::string_view lines) = 0;
  /// Why the last lines could not be written: errno's value. EAGAIN: the target accepted nothing.
  int error() const { return error_; }
  /// Opens a file again by its name; if that fails, the old file stays in use and an event says so.
  /// Also undoes hurry().
  virtual void reopen() { hurried_ = false; }
  /// True if reopen() has something to open.
  virtual bool reopens() const { return false; }
  /// Any thread. Another target needs the writer: it soon gives up this one if it accepts nothing.
  void hurry() noexcept { hurried_ = true; }
  /// Any thread. Like hurry(), but never undone: Weir is ending.
  void hurry_for_good() noexcept { for_good_ = true; }

 protected:
  void failed(int error) { error_ = error; }
  /// Waits a little until `descriptor` accepts data again. False: give up, the rest is lost.
  bool wait_for_room(int descriptor);
  /// The target has accepted data, so the writer need not give it up. A caller that still needs the
  /// writer elsewhere calls hurry() again.
  void got_on() {
    stuck_since_ms_ = 0;
    if (hurried_.load(std::memory_order_relaxed)) hurried_ = false;
  }

 private:
  std::atomic<bool> hurried_{false};
  std::atomic<bool> for_good_{false};
  int error_ = 0;
  uint64_t stuck_since_ms_ = 0;  // 0: it accepts data.
};

/// Opens standard output, a file or syslog's socket, as `config` says. The error is a text for a
/// person. It is no error if syslog is not there yet.
std::expected<std::shared_ptr<LogTarget>, std::string> open_log_target(const LogConfig& config);

/// The caller keeps ownership of `descriptor`.
std::shared_ptr<LogTarget> log_to_descriptor(int descriptor);

/// Format and target of a worker's lines; a reload replaces it.
struct LogSetting {
  LogFormat format = LogFormat::combined;
  std::shared_ptr<LogTarget> target;
};

}  // namespace weir::journal
