// Keys of the configuration file: the client side.
#pragma once
#include <span>

#include "base/setting.h"
#include "server/config.h"

namespace weir::server {

/// In the order in which the reference shows them.
std::span<const base::Setting<ServerConfig>> keys();

}  // namespace weir::server
