// Keys of the configuration file: what a rule is about.
#pragma once
#include <span>

#include "base/setting.h"
#include "policy/rule_config.h"

namespace weir::policy {

/// `what.host` and the others, each of which has to hold.
std::span<const base::Setting<WhatConfig>> what_keys();
/// `what.not_host` and the others, each of which subtracts.
std::span<const base::Setting<WhatConfig>> not_keys();

}  // namespace weir::policy
