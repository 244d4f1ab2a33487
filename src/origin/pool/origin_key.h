// What an origin connection must agree in with a request that wants to use it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/kept_text.h"
#include "http/target.h"

namespace weir::origin {

/// Requests may share a connection if all of this is the same (RFC 9110, 4.3.3; RFC 9113, 9.1.1).
/// `Text` is base::KeptText in what lives long, and a view in what looks it up.
template <class Text>
struct BasicOriginKey {
  http::Scheme scheme = http::Scheme::http;
  /// Host and port, always with both (http::authority_key). Connections are counted by this alone.
  Text authority;
  /// Host and port of the proxy that the connection goes to; empty if it goes to the origin.
  Text next_hop;
  /// The server name that was sent in the TLS handshake, and how the peer's certificate was
  /// verified; empty and 0 without TLS.
  Text server_name;
  uint32_t verification = 0;
};
using OriginKey = BasicOriginKey<base::KeptText>;
using OriginKeyView = BasicOriginKey<std::string_view>;

inline OriginKey keep(const OriginKeyView& key) {
  return {key.scheme, key.authority, key.next_hop, key.server_name, key.verification};
}
/// The views live as long as `key`.
inline OriginKeyView view_of(const OriginKey& key) {
  return {key.scheme, key.authority, key.next_hop, key.server_name, key.verification};
}
inline bool operator==(const OriginKey& a, const OriginKeyView& b) {
  return a.scheme == b.scheme && a.verification == b.verification && a.authority == b.authority &&
         a.next_hop == b.next_hop && a.server_name == b.server_name;
}

}  // namespace weir::origin
