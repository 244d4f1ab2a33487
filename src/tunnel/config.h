// What becomes of CONNECT and upgrades.
#pragma once
#include <cstdint>
#include <vector>

namespace weir::tunnel {

/// Where HTTP inside a CONNECT is served by Weir instead of relayed (docs/design/tunnels.md).
enum class Serve : uint8_t {
  needed,  // On port 80, for Weir's own pages, and where something needs the inside.
  always,  // Wherever HTTP is recognised.
  never,
};

struct TunnelConfig {
  Serve serve = Serve::needed;
  /// Neither side has sent anything.
  uint64_t idle_timeout_ms = 7'200'000;
  /// Neither side has sent anything yet.
  uint64_t silence_timeout_ms = 600'000;
  /// Of the client's first bytes, looked at to tell what is inside.
  uint64_t sniff_bytes = 16 * 1024;
  /// Ports on which a tunnel that is neither TLS nor HTTP is refused: tunnels to these need the
  /// inside. Sorted.
  std::vector<uint16_t> no_opaque_ports;
  friend bool operator==(const TunnelConfig&, const TunnelConfig&) = default;
};

}  // namespace weir::tunnel
