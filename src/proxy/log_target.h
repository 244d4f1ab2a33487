// Where lines go: standard output, a file, syslog.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/config.h"
#include "proxy/log_line.h"

namespace weir::proxy {

/// Of the process; after it is opened, of the writer's thread alone.
class LogTarget {
 public:
  virtual ~LogTarget() = default;
  /// Writes lines, each with its end; waits where it must. How many of them could not be written.
  virtual uint64_t write(std::string_view lines) = 0;
  /// A file is opened again by its name; what can't be opened stays as it was, and an event says so.
  virtual void reopen() {}
};

/// Standard output, or a file or syslog's socket, as `config` says. The error is for a person. A syslog that is not there may come later.
std::expected<std::shared_ptr<LogTarget>, std::string> open_log_target(const config::LogConfig& config);

/// `descriptor` stays the caller's.
std::shared_ptr<LogTarget> log_to_descriptor(int descriptor);

/// What a worker's lines look like and where they go; swapped by a reload.
struct LogSetting {
  LogFormat format = LogFormat::combined;
  std::shared_ptr<LogTarget> target;
};

}  // namespace weir::proxy
