#include "policy/rule_config.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::policy {
namespace {

constexpr auto kKinds = std::to_array<std::string_view>({
    "document",
    "frame",
    "script",
    "style",
    "image",
    "font",
    "media",
    "fetch",
    "websocket",
    "other",
});
constexpr auto kActions =
    std::to_array<std::string_view>({"allow", "deny", "filter", "redirect", "limit"});

}  // namespace

std::string_view name_of(ContentKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::optional<ContentKind> content_kind_of(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<ContentKind>(found - kKinds.begin());
}

std::string_view name_of(Action action) {
  return kActions[static_cast<size_t>(action)];
}

}  // namespace weir::policy
