// What a tunnel carries, told by the client's first bytes. Sans-IO.
#pragma once
#include <string>
#include <string_view>

#include "codec/http1/head_parser.h"
#include "codec/tls/client_hello.h"

namespace weir::tunnel {

enum class Carries : uint8_t {
  undecided,  // More bytes are needed.
  opaque,     // Not ours to read.
  tls,        // A ClientHello.
  bad_tls,    // It begins as a TLS record, but no ClientHello can be read.
  http,       // HTTP/1: a first line that ends in HTTP/1.0 or HTTP/1.1, and a head without fault.
  bad_http,   // The first line says HTTP/1, but the head has a fault, or an upgrade that is not
              // ours.
};

/// Looks at bytes as they come, each once.
class Sniffer {
 public:
  /// If `http_matters` is false, everything that is not TLS counts as opaque.
  explicit Sniffer(bool http_matters = true) : http_matters_(http_matters) {}

  /// `bytes` are all that came so far. They grow at the end, and may be at another address each
  /// time.
  Carries look(std::string_view bytes);

  /// What the tunnel carries if `bytes`, which were not enough to tell, are all that is looked at.
  static Carries unfinished(std::string_view bytes) {
    return begins_tls(bytes) ? Carries::bad_tls : Carries::opaque;
  }
  /// True if `bytes` begin as a TLS record: with the byte of a handshake, whatever version is
  /// behind it, which servers have to ignore (RFC 8446, 5.1); or as another record, behind which
  /// some servers look for the ClientHello.
  static bool begins_tls(std::string_view bytes) {
    if (bytes.starts_with('\x16')) return true;
    return bytes.size() > 1 && bytes[0] >= '\x14' && bytes[0] <= '\x17' && bytes[1] == '\x03';
  }

  /// The server name in a ClientHello (SNI), lower-case; empty if there is none that can be read.
  const std::string& server_name() const { return hello_.sni; }
  /// The ClientHello has a server name, but it is no host name.
  bool server_name_unreadable() const { return hello_.sni_unreadable; }
  /// Once it carries tls.
  const tls::ClientHello& hello() const { return hello_; }
  /// The first request's target, once it carries http.
  const http::Target& target() const { return parser_.head()->target; }
  /// As far as it was read; its target has a host only if all of it could be read. May be null.
  const base::Ref<http::RequestHead>& head() const { return parser_.head(); }

 private:
  Carries look_at_line(std::string_view bytes);
  Carries look_at_head(std::string_view bytes);

  http1::RequestParser parser_;
  size_t seen_ = 0;
  const bool http_matters_;
  bool first_line_ = false;
  tls::ClientHello hello_;
};

}  // namespace weir::tunnel
