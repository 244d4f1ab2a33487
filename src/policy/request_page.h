// Tells from a request's fields which page it came from. Like what a request is for, this is what
// the client says.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.h"
#include "policy/content_kind.h"

namespace weir::policy {

/// The host of the page that the request came from: Referer's, else Origin's, else Ping-From's. A
/// request for a document of its own is its own page, and so is one that may be for a document or
/// frame and names none. In the form of Target::host; a view into the head and its arena. Empty: no
/// page is known. `kinds` is what kinds_of() has said.
std::string_view page_of(http::RequestHead& head, ContentKinds kinds);

/// Whether a request goes to the site of its page (the same registrable domain) or to another one.
enum class Party : uint8_t { first, third };

/// What Sec-Fetch-Site says, which also counts the redirects on the way. Nothing: the field is not
/// there, and the hosts have to be compared.
std::optional<Party> party_of(const http::Fields& fields);

}  // namespace weir::policy
