// Keys of the configuration file: the access log.
#pragma once
#include <span>

#include "base/setting.h"
#include "journal/config.h"

namespace weir::journal {

/// In the order in which the reference shows them.
std::span<const base::Setting<LogConfig>> keys();

}  // namespace weir::journal
