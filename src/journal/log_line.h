// The formats of the access log: an exchange's record as one line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace weir::journal {

enum class LogFormat : uint8_t { common, combined, json, squid };

/// `name` as the configuration has it; combined for any other.
LogFormat log_format(std::string_view name);

/// What a line is made from; good for one call.
struct LogFacts {
  const http::Exchange& exchange;
  /// How it ended: `complete`, an error's name, or why it was cut.
  std::string_view outcome;
  /// From its begin to its end.
  uint64_t ms;
};

/// Local time as the common format has it, made once a second. Of one worker.
class LogClock {
 public:
  /// `[24/Nov/2026:23:16:56 +0000]`; good until the next call.
  std::string_view text(int64_t wall_ms);

 private:
  int64_t second_ = -1;
  char text_[64];
  size_t size_ = 0;
};

/// Appends a line with its end. Whatever bytes came from the wire, it is one line of printable
/// text: ASCII, and UTF-8 in JSON.
void append_line(std::string& out, LogFormat format, const LogFacts& facts, LogClock& clock);

/// `client - identity [time] "request" status bytes`, then for combined `"referer" "user agent"`,
/// how it ended, and key=value parts.
void append_common(std::string& out, const LogFacts& facts, LogClock& clock);
void append_combined(std::string& out, const LogFacts& facts, LogClock& clock);
/// One object (RFC 8259). What is not known is null; bytes that are no UTF-8 are U+FFFD.
void append_json(std::string& out, const LogFacts& facts);
/// `time elapsed client code/status bytes method URL rfc931 hierarchy/peer type` of Squid's native
/// format.
void append_squid(std::string& out, const LogFacts& facts);

/// The parts of a request line, as it came.
struct RequestParts {
  std::string_view method, target;
  /// `HTTP/1.1`; all three are empty where the bytes were no request line.
  std::string_view version;
};
RequestParts request_parts(const http::Exchange& exchange);

}  // namespace weir::journal
