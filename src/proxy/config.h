// The configuration, under the name that this folder uses.
#pragma once
#include "config/config.h"

namespace weir::proxy {

using Config = config::Config;
using ListenerConfig = config::ListenerConfig;

}  // namespace weir::proxy
