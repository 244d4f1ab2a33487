// The client side: limits and timeouts.
#pragma once
#include <cstdint>

#include "base/ref.h"

namespace weir::server {

struct ServerConfig {
  /// Most bytes in a whole request head; a larger head is answered with 431.
  uint64_t head_bytes = 64 * 1024;
  uint32_t head_fields = 200;
  /// Time from the first byte of a head to its end; for the first head on a connection, from the
  /// accept.
  uint64_t head_timeout_ms = 10'000;
  /// How long a kept-alive connection may be idle between requests.
  uint64_t idle_timeout_ms = 120'000;
  /// Longest silence inside a request's content, while Weir waits for it.
  uint64_t content_timeout_ms = 600'000;
  /// Longest time in which a client takes nothing of what is written to it.
  uint64_t write_timeout_ms = 900'000;
  /// After an early response or an error the client may still be sending. Weir reads and drops at
  /// most this many bytes, for at most this long in all and with at most this much silence, so that
  /// the client sees the response and not a reset.
  uint64_t linger_bytes = 64 * 1024 * 1024;
  uint64_t linger_ms = 30'000;
  uint64_t linger_silence_ms = 2000;
  /// With Expect: 100-continue, how long the origin may take to say 100 before the client is asked
  /// for the content.
  uint64_t expect_wait_ms = 1000;
  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

/// A worker's copy of a configuration. Each request keeps the one that it began with until it ends;
/// a reload only changes which one later requests take.
struct KeptConfig final : base::Counted<KeptConfig>, ServerConfig {
  explicit KeptConfig(const ServerConfig& config) : ServerConfig(config) {}
};
using ConfigRef = base::Ref<const KeptConfig>;

}  // namespace weir::server
