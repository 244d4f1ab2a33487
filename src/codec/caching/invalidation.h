// What an unsafe request makes invalid (RFC 9111, 4.4).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace weir::caching {

/// The request may have changed what its target is: its method is unsafe or not known, and the
/// response is no error.
bool changes_its_target(http::Method method, std::string_view method_token, int status);

/// Path and query of a reference (RFC 3986, 4.1) in a response to a request for `target`, if it is
/// of the same origin; nothing if it is of another one, or no reference. Dots in paths are
/// resolved, a fragment is dropped.
std::optional<std::string> path_in_same_origin(const http::Target& target,
                                               std::string_view reference);

/// Paths that are no longer what they were: the target's own, and those that Location and
/// Content-Location name in the same origin. An answer about another origin proves nothing: anybody
/// could clear the cache of any site by it.
std::vector<std::string> invalidated_paths(const http::Target& target,
                                           const http::Fields& response);

}  // namespace weir::caching
