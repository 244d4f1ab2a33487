// Entity tags (RFC 9110, 8.8.3).
#pragma once
#include <optional>
#include <string_view>

namespace weir::caching {

struct EntityTag {
  /// With its quotes.
  std::string_view opaque;
  bool weak = false;
};

/// A whole field value that is one tag; nothing if it is anything else.
std::optional<EntityTag> parse_entity_tag(std::string_view text);

/// Takes the next tag off a list. Nothing: there is none left, or what comes is none, and the rest
/// is dropped.
std::optional<EntityTag> take_entity_tag(std::string_view& list);

/// Same content, byte for byte.
inline bool same_strongly(const EntityTag& a, const EntityTag& b) {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}
/// As good as the same.
inline bool same_weakly(const EntityTag& a, const EntityTag& b) {
  return a.opaque == b.opaque;
}

}  // namespace weir::caching
