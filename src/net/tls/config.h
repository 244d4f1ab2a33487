// Settings of TLS connections.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace weir::net {

struct TlsConfig {
  /// Files of certificates in PEM that are trusted to vouch for origins, beside the system's.
  std::vector<std::string> roots = {};
  /// Hashes of keys that no chain may contain (distrust.h).
  std::vector<std::string> distrusted = {};
  /// A file for the secrets of connections (key_log.h); empty: none.
  std::string key_log = {};
  /// TLS handshakes with origins at a time in each worker, of one client and in all.
  uint32_t handshakes_per_client = 16;
  uint32_t handshakes = 1024;
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

}  // namespace weir::net
