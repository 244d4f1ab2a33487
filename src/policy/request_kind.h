// Tells from a request's fields what it may be for. Programs can write what they like into them:
// good enough to choose among what browsers ask for, never the ground for a rule that has to hold.
#pragma once
#include <optional>
#include <string_view>

#include "http/head.h"
#include "policy/content_kind.h"

namespace weir::policy {

/// What the request may be for. The first of these that says something decides: the upgrade to
/// WebSocket, a ping's fields, Sec-Fetch-Dest, the first member of Accept, the ending of the path,
/// the method and Range. Never empty; for a CONNECT all kinds, since anything may come inside.
/// `websocket`: the request asks for that upgrade, whose field is hop-by-hop and may be gone.
ContentKinds kinds_of(const http::RequestHead& head, bool websocket);

/// What content of that type may be for, whatever the client said; nothing: the type, which is
/// without parameters, does not tell.
std::optional<ContentKinds> kinds_of_content(std::string_view type);

/// What of `kinds` remains once the response's Content-Type is known: the field's value, or the
/// type alone. A type that fits none of what the client has said changes nothing; where the client
/// has said nothing of use, the type alone tells. Never empty.
ContentKinds narrowed(ContentKinds kinds, std::string_view content_type);

}  // namespace weir::policy
