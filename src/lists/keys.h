// Keys of the configuration file: [lists.NAME].
#pragma once
#include <span>

#include "base/setting.h"
#include "lists/config.h"

namespace weir::lists {

std::span<const base::Setting<ListConfig>> keys();

}  // namespace weir::lists
