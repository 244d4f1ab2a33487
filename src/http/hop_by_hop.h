// Removal of the fields that are meant for one connection (RFC 9110, 7.6.1), before a message goes
// on.
#pragma once
#include <cstdint>

#include "http/head.h"

namespace weir::http {

/// What is removed besides Connection and what it names, Keep-Alive, Proxy-Connection, TE,
/// Transfer-Encoding, Upgrade and HTTP2-Settings: the proxy's own login, by whoever has used it.
struct HopByHopRules {
  bool proxy_authorization = false;
  bool proxy_authenticate = false;
  bool proxy_authentication_info = false;
};

/// What the removed fields said.
struct HopByHop {
  bool close = false;
  bool keep_alive = false;
  /// Connection names Upgrade.
  bool upgrade_listed = false;
  /// ... and Upgrade lists the token `websocket` (RFC 6455, 4.1).
  bool websocket = false;
  /// TE has `trailers`, so trailer fields will be looked at (RFC 9110, 10.1.4).
  bool te_trailers = false;
  /// Connection names more fields than kMostNamedFields: nobody does that in earnest, and the rest
  /// was not removed. Refuse the message (400, or 502 from an origin).
  bool excessive = false;
};

inline constexpr size_t kMostNamedFields = 64;

/// Fields without which a message means something else (Host, framing, Via, Cache-Control,
/// credentials, validators and the like) stay though Connection may name them. Trailer stays: it
/// announces what goes end to end.
[[nodiscard]] HopByHop remove_hop_by_hop(Fields& fields, HopByHopRules rules = {});

}  // namespace weir::http
