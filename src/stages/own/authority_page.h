// What Weir's own pages say about opened HTTPS.
#pragma once
#include <optional>
#include <string>
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

/// Sections of the front page.
std::string authority_html(const std::vector<Authority>& authorities, const LastTunnel& last);
std::string authority_text(const std::vector<Authority>& authorities, const LastTunnel& last);
/// The file at that path; nothing if there is none.
std::optional<http::Response> authority_file(const std::vector<Authority>& authorities,
                                             std::string_view path);

}  // namespace weir::own
