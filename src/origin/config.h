// Configuration of the origin side: limits, time-outs, the connection pool.
#pragma once
#include <cstdint>

namespace weir::origin {

struct OriginConfig {
  /// Size limit of a response's head as a whole; a larger head results in 502.
  uint64_t head_bytes = 64 * 1024;
  uint32_t head_fields = 200;
  /// Limit of interim responses (1xx) before the final one.
  uint32_t interim_limit = 16;
  /// Time limit for all attempts to connect together.
  uint64_t connect_timeout_ms = 10'000;
  /// Happy Eyeballs (RFC 8305): how long to wait before trying the next address beside the last
  /// one, and how long to wait for the other family's answer from DNS.
  uint64_t attempt_delay_ms = 250;
  uint64_t resolution_delay_ms = 50;
  /// From the end of the request, or from the last time that a part of it was sent, to the first
  /// byte of the response.
  uint64_t first_byte_timeout_ms = 600'000;
  /// How long an origin may be silent inside a response's content, while Weir waits for it.
  uint64_t content_timeout_ms = 600'000;
  /// How long an origin may accept nothing of the request's content.
  uint64_t write_timeout_ms = 600'000;
  /// Limit of connections to one origin for forwarded requests, in all workers together; tunnels
  /// and upgraded connections do not count. If all are in use, a request waits, at most
  /// connect_timeout_ms.
  uint32_t connections_per_origin = 1000;
  /// Limits of idle connections that each worker keeps for reuse: to one origin, and in total.
  uint32_t idle_per_origin = 256;
  uint32_t idle_total = 2048;
  uint64_t idle_timeout_ms = 60'000;
  /// A request that must not be repeated does not use a connection that has been idle for longer.
  uint64_t retry_idle_ms = 2000;
  friend bool operator==(const OriginConfig&, const OriginConfig&) = default;
};

}  // namespace weir::origin
