// Keys of the configuration file: what a listener's clients may reach.
#pragma once
#include <span>

#include "base/setting.h"
#include "policy/config.h"

namespace weir::policy {

/// In the order in which the reference shows them.
std::span<const base::Setting<Config>> keys();

}  // namespace weir::policy
