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

std::string text_of(ContentKinds kinds) {
  constexpr unsigned kMost = 3;
  std::string text;
  unsigned number = 0;
  for (unsigned i = 0; i < kContentKinds; ++i) {
    const auto kind = static_cast<ContentKind>(i);
    if (!kinds.has(kind)) continue;
    if (++number > kMost) return {};
    text.append(text.empty() ? "" : "|").append(name_of(kind));
  }
  return text;
}

std::optional<ContentKind> content_kind_of(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ContentKind>(found - kNames.begin());
}

}  // namespace weir::policy
