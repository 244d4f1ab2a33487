// Sends lines to this machine's syslog.
#pragma once
#include <string>
#include <string_view>

#include "journal/log_target.h"

namespace weir::journal {

/// Sends one datagram per line (RFC 3164: local0.info, tag weir; without a host name, as is usual
/// on the local socket). Connects at the first line, and again after syslog restarts.
class SyslogTarget final : public LogTarget {
 public:
  explicit SyslogTarget(std::string path) : path_(std::move(path)) {}
  SyslogTarget(const SyslogTarget&) = delete;
  ~SyslogTarget() override;
  uint64_t write(std::string_view lines) override;

 private:
  enum class Sent { yes, line_lost, gone };
  bool connect();
  void close_socket();
  Sent send(std::string_view line);

  const std::string path_;
  int descriptor_ = -1;
  std::string datagram_;
};

}  // namespace weir::journal
