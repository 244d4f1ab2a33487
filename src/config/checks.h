// Finds mistakes that no single value shows: values that conflict.
#pragma once
#include "config/config.h"
#include "config/sources.h"

namespace weir::config {

/// Adds what conflicts in `config`, which was read from `sources`.
void check(const Config& config, const Sources& sources, Mistakes& mistakes);

}  // namespace weir::config
