// Keys of the configuration file: the login.
#pragma once
#include <span>

#include "base/setting.h"
#include "stages/auth/config.h"

namespace weir::auth {

/// In the order in which the reference shows them.
std::span<const base::Setting<Config>> keys();
/// Those of [[listener]].
std::span<const base::Setting<ListenerConfig>> listener_keys();

}  // namespace weir::auth
