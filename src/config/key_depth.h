// A look at a TOML text before it is parsed.
#pragma once
#include <optional>
#include <string_view>

#include "config/mistake.h"

namespace weir::config {

/// No key of Weir's has more than three parts.
inline constexpr int kDeepestKey = 16;

/// Where a dotted key or a table's header has more than kDeepestKey parts; nothing if none has.
/// toml++ limits how deep values are nested, but not this: it calls itself for each part, so that a
/// key with a hundred thousand would end the process. Texts that are not valid TOML may be passed
/// or not: the parser comes after this.
std::optional<Position> too_deep_key(std::string_view text);

}  // namespace weir::config
