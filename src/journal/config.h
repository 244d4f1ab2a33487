// Format and target of the access log. Not in proxy/, because that layer is above this one.
#pragma once
#include <string>

namespace weir::journal {

struct LogConfig {
  /// "common", "combined", "json" or "squid".
  std::string format = "combined";
  /// "stdout", "syslog", or a file's absolute path.
  std::string to = "stdout";
  /// The datagram socket of this machine's syslog.
  std::string syslog_socket = "/dev/log";
  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

}  // namespace weir::journal
