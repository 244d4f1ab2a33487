// The origin side: limits, patience, the pool.
#pragma once
#include <cstdint>

namespace weir::origin {

struct OriginConfig {
  /// Of a response's head, all of it: more is 502.
  uint64_t head_bytes = 64 * 1024;
  uint32_t head_fields = 200;
  /// Interim responses (1xx) before the final one.
  uint32_t interim_limit = 16;
  /// Of all attempts to connect together.
  uint64_t connect_timeout_ms = 10'000;
  /// Happy Eyeballs (RFC 8305): before the next address is tried beside the last, and for the other
  /// family's answer from DNS.
  uint64_t attempt_delay_ms = 250;
  uint64_t resolution_delay_ms = 50;
  /// From the request's end, or from what was last sent of it, to the first byte of the response.
  uint64_t first_byte_timeout_ms = 600'000;
  /// Silence inside a response's content, while somebody waits for it.
  uint64_t content_timeout_ms = 600'000;
  /// An origin that does not take the request's content.
  uint64_t write_timeout_ms = 600'000;
  /// Connections to one origin for forwarded requests, in all workers; tunnels and upgraded
  /// connections do not count. Who finds them all in use waits, at most connect_timeout_ms.
  uint32_t connections_per_origin = 1000;
  /// Idle connections kept for reuse by each worker: to one origin, and in all.
  uint32_t idle_per_origin = 256;
  uint32_t idle_total = 2048;
  uint64_t idle_timeout_ms = 60'000;
  /// A request that may not be repeated takes no connection that was idle for longer.
  uint64_t retry_idle_ms = 2000;
  friend bool operator==(const OriginConfig&, const OriginConfig&) = default;
};

}  // namespace weir::origin
