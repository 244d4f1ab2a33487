// Settings of TLS connections.
#pragma once
#include <string>
#include <vector>

namespace weir::net {

struct TlsConfig {
  /// Files of certificates in PEM that are trusted to vouch for origins, beside the system's.
  std::vector<std::string> roots;
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

}  // namespace weir::net
