// Settings that apply to every TCP connection.
#pragma once
#include <cstdint>

namespace weir::net {

/// Applies to connections to clients and to origins.
struct TcpConfig {
  /// Idle time before the kernel asks whether the peer is still there. It then asks four times, a
  /// quarter of this apart. 0: it never asks.
  uint64_t keepalive_ms = 60'000;
  friend bool operator==(const TcpConfig&, const TcpConfig&) = default;
};

}  // namespace weir::net
