// Connections that never leave the machine need no pacing.
#pragma once
#include "base/ip.h"

namespace weir::net {

/// Where the system's congestion control paces (bbr: each piece waits for a timer, which pays on a
/// long path) and `peer` is a loopback address, the socket gets one that does not: cubic, or else
/// reno. A listener's connections inherit it. Any thread; docs/design/pacing.md.
void spare_pacing(int descriptor, const base::IpAddress& peer);

}  // namespace weir::net
