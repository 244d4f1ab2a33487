#include "policy/rule_config.h"

#include <array>

namespace weir::policy {
namespace {

constexpr auto kActions = std::to_array<std::string_view>(
    {"allow", "deny", "filter", "redirect", "limit", "open", "tunnel"});

}  // namespace

std::string_view name_of(Action action) {
  return kActions[static_cast<size_t>(action)];
}

}  // namespace weir::policy
