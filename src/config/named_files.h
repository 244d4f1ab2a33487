// The files that values of a configuration name. What they hold is a part of the configuration.
#pragma once
#include "config/config.h"
#include "config/sources.h"

namespace weir::config {

/// Reads them into `config`, which was read from `sources`. What is wrong with a file is added at
/// the place of the key that names it. Reads ordinary files only, for which nobody waits long.
void read_named_files(Config& config, const Sources& sources, Mistakes& mistakes);

}  // namespace weir::config
