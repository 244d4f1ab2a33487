// What the access log is and where it goes. Here and not in proxy/, whose layer is above.
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
