// Tells what in `[intercept]` and the rules about opening is allowed and surely not meant. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "policy/opening_config.h"
#include "policy/rule_config.h"

namespace weir::policy {

/// Why it can be proven that no https is opened that the rule is about, in words that end a
/// sentence; empty: some may be.
std::string why_unopened(const RuleConfig& rule, const std::vector<RuleConfig>& rules,
                         const OpeningConfig& opening);

/// The same for a rule that opens.
std::string why_opens_nothing(const RuleConfig& rule, const OpeningConfig& opening);

/// A sentence about `[intercept]`.
struct OpeningRemark {
  /// Which of `hosts`; nothing: the table.
  std::optional<size_t> host;
  std::string text;
};
std::vector<OpeningRemark> remarks_on(const OpeningConfig& opening,
                                      const std::vector<RuleConfig>& rules);

}  // namespace weir::policy
