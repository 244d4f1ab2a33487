// Keys of the configuration file: TLS.
#pragma once
#include <span>

#include "base/setting.h"
#include "net/tls/config.h"

namespace weir::net {

/// In the order in which the reference shows them.
std::span<const base::Setting<TlsConfig>> tls_keys();

}  // namespace weir::net
