// Looks at the first bytes of a connection for a TLS ClientHello (RFC 8446, 4.1.2 and 5.1): which
// host it asks for, and which protocols. Nothing is decrypted and nothing consumed: the bytes go on
// as they came.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::tls {

/// Bytes of the stream within which the ClientHello must end.
inline constexpr size_t kLargestHello = 16 * 1024;

struct ClientHello {
  /// Server name indication (RFC 6066, 3): a host name in lower case without a trailing dot; empty
  /// if there was none, or one that is no host name.
  std::string sni;
  /// There was a server name, but it is neither a host name nor an address: what a server makes of
  /// it can't be known.
  bool sni_unreadable = false;
  /// ALPN (RFC 7301), in the client's order, at most kMostProtocols of them.
  std::vector<std::string> alpn;
  /// There is an encrypted_client_hello extension (RFC 9849). Browsers send one in every
  /// ClientHello; where it is real, the name above is that of a front.
  bool encrypted = false;
  /// What programs differ in: versions, cipher suites, extensions, groups and signature schemes,
  /// in whatever order; without what differs from one connection of a program to the next. Of this
  /// process alone.
  uint64_t shape = 0;
};
inline constexpr size_t kMostProtocols = 8;

enum class Seen {
  /// It may be a ClientHello; call again with more bytes (all from the beginning).
  need_more,
  /// It is no ClientHello, or one that is too large or malformed: treat the bytes as opaque.
  not_tls,
  hello,
};

/// `hello` is filled if the answer is Seen::hello. A call with too few bytes costs little.
Seen parse_client_hello(std::string_view bytes, ClientHello& hello);

}  // namespace weir::tls
