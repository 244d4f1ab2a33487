// Keys of the configuration file: the resolver.
#pragma once
#include <span>

#include "base/setting.h"
#include "net/dns/config.h"

namespace weir::net {

/// In the order in which the reference shows them.
std::span<const base::Setting<ResolverConfig>> resolver_keys();

}  // namespace weir::net
