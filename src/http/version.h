// The version of HTTP in which a message came (RFC 9110, 2.5).
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::http {

/// From the oldest to the newest: a later one is greater. A minor version that Weir does not know
/// counts as the highest that it knows.
enum class Version : uint8_t { http_1_0, http_1_1, http_2 };

/// As a request line and the log write it. HTTP/2 has no such line; logs write HTTP/2.0.
constexpr std::string_view text_of(Version version) {
  switch (version) {
    case Version::http_1_0: return "HTTP/1.0";
    case Version::http_1_1: return "HTTP/1.1";
    case Version::http_2: return "HTTP/2.0";
  }
  return {};
}

/// As Via writes it, without the protocol's name (RFC 9110, 7.6.3).
constexpr std::string_view received_protocol_of(Version version) {
  switch (version) {
    case Version::http_1_0: return "1.0";
    case Version::http_1_1: return "1.1";
    case Version::http_2: return "2";
  }
  return {};
}

}  // namespace weir::http
