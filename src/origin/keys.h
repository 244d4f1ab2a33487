// Keys of the configuration file: the origin side.
#pragma once
#include <span>

#include "base/setting.h"
#include "origin/config.h"

namespace weir::origin {

/// In the order in which the reference shows them.
std::span<const base::Setting<OriginConfig>> keys();

}  // namespace weir::origin
