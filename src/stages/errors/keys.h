// Keys of the configuration file: the pages that people see.
#pragma once
#include <span>

#include "base/setting.h"
#include "stages/errors/config.h"

namespace weir::errors {

/// In the order in which the reference shows them.
std::span<const base::Setting<Config>> keys();

}  // namespace weir::errors
