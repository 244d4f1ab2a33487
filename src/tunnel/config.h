// Settings for CONNECT tunnels and upgrades.
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
  /// Longest time in which neither side sends anything.
  uint64_t idle_timeout_ms = 7'200'000;
  /// The same, before either side has sent its first byte.
  uint64_t silence_timeout_ms = 600'000;
  /// How many of the client's first bytes are looked at to tell what is inside.
  uint64_t sniff_bytes = 16 * 1024;
  /// Ports on which a tunnel that is neither TLS nor HTTP is refused: tunnels to these need the
  /// inside. Sorted.
  std::vector<uint16_t> no_opaque_ports;
  friend bool operator==(const TunnelConfig&, const TunnelConfig&) = default;
};

}  // namespace weir::tunnel
