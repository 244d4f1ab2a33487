// What stands in place of something that the owner's rules deny.
#pragma once
#include <optional>

#include "http/stage.h"

namespace weir::errors {

/// An empty image, script or style sheet, or 204 for a ping, if the request is for nothing else: a
/// page then shows a gap rather than a broken picture, and its other scripts run on. Nothing where
/// a person or a program is to read that something was denied. Sites can't tell it from an empty
/// answer of their own, so it is fresh for no other request.
std::optional<http::Response> substitute_for(const http::Request& request);

}  // namespace weir::errors
