// What holds for every TCP connection.
#pragma once
#include <cstdint>

namespace weir::net {

/// Of every TCP connection, on both sides.
struct TcpConfig {
  /// Idle time before the kernel asks whether the peer is still there, and between its questions.
  uint64_t keepalive_ms = 60'000;
  friend bool operator==(const TcpConfig&, const TcpConfig&) = default;
};

}  // namespace weir::net
