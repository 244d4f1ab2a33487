// Removes the fields that are meant for one connection only (RFC 9110, 7.6.1), before a message is
// forwarded.
#pragma once
#include <cstdint>

#include "http/head.h"

namespace weir::http {

/// Which proxy login fields to remove as well; the stage that has used them sets these. Always
/// removed: Connection and the fields that it names, Keep-Alive, Proxy-Connection, TE,
/// Transfer-Encoding, Upgrade and HTTP2-Settings.
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
  /// TE has `trailers`: the sender will process trailer fields (RFC 9110, 10.1.4).
  bool te_trailers = false;
  /// Connection names more fields than kMostNamedFields, which no honest sender does, and not all
  /// of them were removed. Refuse the message (400, or 502 from an origin).
  bool excessive = false;
};

inline constexpr size_t kMostNamedFields = 64;

/// Fields that change the meaning of a message when they are missing (Host, framing, Via,
/// Cache-Control, credentials, validators and the like) stay even if Connection names them. Trailer
/// stays: the fields that it announces go end to end.
[[nodiscard]] HopByHop remove_hop_by_hop(Fields& fields, HopByHopRules rules = {});

}  // namespace weir::http
