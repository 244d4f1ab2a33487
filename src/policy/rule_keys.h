// Keys of the configuration file: [[rule]].
#pragma once
#include <span>

#include "base/setting.h"
#include "policy/rule_config.h"

namespace weir::policy {

std::span<const base::Setting<RuleConfig>> rule_keys();

}  // namespace weir::policy
