// The proxy as a whole.
#pragma once
#include "proxy/config.h"

namespace weir::proxy {

/// Listens, serves until told to stop, and returns the process's exit status: 1, after a line on
/// standard error, if it could not start.
int run(const Config& config);

}  // namespace weir::proxy
