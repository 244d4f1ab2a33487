// Keys of the configuration file: what belongs to no other folder.
#pragma once
#include <span>

#include "base/setting.h"
#include "config/config.h"

namespace weir::config {

/// In the order in which the reference shows them.
std::span<const base::Setting<Config>> keys();
std::span<const base::Setting<ListenerConfig>> listener_keys();

}  // namespace weir::config
