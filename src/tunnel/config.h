// What becomes of CONNECT and upgrades.
#pragma once
#include <cstdint>
#include <vector>

namespace weir::tunnel {

struct TunnelConfig {
  /// Neither side has sent anything.
  uint64_t idle_timeout_ms = 7'200'000;
  /// Neither side has sent anything yet.
  uint64_t silence_timeout_ms = 600'000;
  /// Of the client's first bytes, looked at to tell what is inside.
  uint64_t sniff_bytes = 16 * 1024;
  /// Ports on which a tunnel that is neither TLS nor HTTP is refused. Sorted.
  std::vector<uint16_t> no_opaque_ports;
  friend bool operator==(const TunnelConfig&, const TunnelConfig&) = default;
};

}  // namespace weir::tunnel
