// Rules that an owner need not write.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule_config.h"

namespace weir::policy {

/// Names of presets: each is a rule over the lists of the category of that name.
inline constexpr std::array<std::string_view, 5> kPresets = {"ads", "malware", "adult", "social",
                                                             "gambling"};

/// The owner's rules, and behind them one for each preset, `preset:ads`: a filter for everyone. The
/// one for malware is a guard.
std::vector<RuleConfig> with_presets(std::vector<RuleConfig> rules,
                                     const std::vector<std::string>& presets);

}  // namespace weir::policy
