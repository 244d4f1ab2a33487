// What Weir's own pages say about opened HTTPS.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/opening.h"
#include "http/stage.h"

namespace weir::own {

/// A certificate that clients have to trust before their HTTPS can be opened.
struct Authority {
  std::string name, until, fingerprint, pem, der;
  /// It will sign later, and does not yet.
  bool next = false;
};

/// What became of the TLS in a client's newest tunnel.
struct LastTunnel {
  std::string host;
  http::TlsInside tls = http::TlsInside::none;
  http::Aside aside = http::Aside::none;
};

/// How the page came that says so.
struct Came {
  /// In a session that Weir has opened: the program has accepted a certificate.
  bool by_https = false;
  std::string_view own_name;
};

/// Sections of the front page.
std::string authority_html(const std::vector<Authority>& authorities, const LastTunnel& last,
                           const Came& came);
std::string authority_text(const std::vector<Authority>& authorities, const LastTunnel& last,
                           const Came& came);
/// The file at that path; nothing if there is none.
std::optional<http::Response> authority_file(const std::vector<Authority>& authorities,
                                             std::string_view path);

}  // namespace weir::own
