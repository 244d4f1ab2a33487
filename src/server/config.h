// The client side: limits and patience.
#pragma once
#include <cstdint>

namespace weir::server {

struct ServerConfig {
  /// Of a request's head, all of it: more is 431.
  uint64_t head_bytes = 64 * 1024;
  uint32_t head_fields = 200;
  /// From the first byte of a head to its end; for the first head on a connection from the accept.
  uint64_t head_timeout_ms = 10'000;
  /// A kept-alive connection between requests.
  uint64_t idle_timeout_ms = 120'000;
  /// Silence inside a request's content, while somebody waits for it.
  uint64_t content_timeout_ms = 600'000;
  /// A client that does not take what is written to it.
  uint64_t write_timeout_ms = 900'000;
  /// After an early response or an error the client may still be sending: that much is read and
  /// dropped, for that long in all, with that much silence at most, so that it sees the response
  /// and no reset.
  uint64_t linger_bytes = 64 * 1024 * 1024;
  uint64_t linger_ms = 30'000;
  uint64_t linger_silence_ms = 2000;
  /// With Expect: 100-continue, how long the origin may take to say 100 before the client is asked
  /// for the content.
  uint64_t expect_wait_ms = 1000;
  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

}  // namespace weir::server
