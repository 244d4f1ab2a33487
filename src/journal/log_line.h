// The formats of the access log: an exchange's record as one line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace weir::journal {

enum class LogFormat : uint8_t { common, combined, json, squid };

/// The format named `name` in the configuration; combined for any other name.
LogFormat log_format(std::string_view name);

/// What a line is made from. Valid for one call.
struct LogFacts {
  const http::Exchange& exchange;
  /// How the exchange ended: `complete`, an error's name, or why it was cut.
  std::string_view outcome;
  /// Duration of the exchange.
  uint64_t ms;
};

/// Local time in the common format, formatted once a second. One per worker.
class LogClock {
 public:
  /// `[24/Nov/2026:23:16:56 +0000]`; valid until the next call.
  std::string_view text(int64_t wall_ms);

 private:
  int64_t second_ = -1;
  char text_[64];
  size_t size_ = 0;
};

/// Appends a line with its line end. Whatever bytes came from the wire, it is one line of printable
/// text: ASCII, and in JSON also UTF-8.
void append_line(std::string& out, LogFormat format, const LogFacts& facts, LogClock& clock);

/// `client - identity [time] "request" status bytes`; the combined format adds `"referer" "user
/// agent"`, how the exchange ended, and key=value parts.
void append_common(std::string& out, const LogFacts& facts, LogClock& clock);
void append_combined(std::string& out, const LogFacts& facts, LogClock& clock);
/// One object (RFC 8259). Unknown values are null; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, const LogFacts& facts);
/// Squid's native format: `time elapsed client code/status bytes method URL rfc931 hierarchy/peer
/// type`.
void append_squid(std::string& out, const LogFacts& facts);

/// The parts of a request line, as it was received.
struct RequestParts {
  std::string_view method, target;
  /// Such as `HTTP/1.1`. All three are empty if the bytes were no request line.
  std::string_view version;
};
RequestParts request_parts(const http::Exchange& exchange);

/// The site that a request inside a tunnel went to, such as `https://example.com`: its target does
/// not name it. Empty for all other requests.
std::string site_of(const http::Exchange& exchange);

}  // namespace weir::journal
