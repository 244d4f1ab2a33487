// Keys of the configuration file: tunnels.
#pragma once
#include <span>

#include "base/setting.h"
#include "tunnel/config.h"

namespace weir::tunnel {

/// In the order in which the reference shows them.
std::span<const base::Setting<TunnelConfig>> keys();

}  // namespace weir::tunnel
