#include "policy/content_kind.h"

#include <algorithm>
#include <array>

namespace weir::policy {
namespace {

constexpr auto kNames = std::to_array<std::string_view>({
    "document",
    "frame",
    "script",
    "style",
    "image",
    "font",
    "media",
    "fetch",
    "websocket",
    "ping",
    "object",
    "other",
});
static_assert(kNames.size() == kContentKinds);

}  // namespace

std::string_view name_of(ContentKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::optional<ContentKind> content_kind_of(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ContentKind>(found - kNames.begin());
}

}  // namespace weir::policy
