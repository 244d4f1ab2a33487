// Keys of the configuration file: every TCP connection.
#pragma once
#include <span>

#include "base/setting.h"
#include "net/stream/config.h"

namespace weir::net {

/// In the order in which the reference shows them.
std::span<const base::Setting<TcpConfig>> tcp_keys();

}  // namespace weir::net
