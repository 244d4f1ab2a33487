// The configuration, by the name that this folder knows it under.
#pragma once
#include "config/config.h"

namespace weir::proxy {

using Config = config::Config;
using ListenerConfig = config::ListenerConfig;

}  // namespace weir::proxy
