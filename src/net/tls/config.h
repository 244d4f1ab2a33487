// Settings of TLS connections.
#pragma once
#include <string>
#include <vector>

namespace weir::net {

struct TlsConfig {
  /// Files of certificates in PEM that are trusted to vouch for origins, beside the system's.
  std::vector<std::string> roots = {};
  /// Hashes of keys that no chain may contain (distrust.h).
  std::vector<std::string> distrusted = {};
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

}  // namespace weir::net
