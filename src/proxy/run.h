// The proxy as a whole.
#pragma once
#include "proxy/config.h"

namespace weir::proxy {

/// Listens, serves until it is told to stop, and returns the process's exit status: 1, after one
/// line on standard error, where it could not begin.
int run(const Config& config);

}  // namespace weir::proxy
