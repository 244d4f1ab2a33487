// Turns off pacing for connections that never leave the machine.
#pragma once
#include "base/ip.h"

namespace weir::net {

/// If the system's congestion control paces (bbr: each piece waits for a timer, which helps on a
/// long path) and `peer` is a loopback address, gives the socket one that does not: cubic, or else
/// reno. A listener's connections inherit it. Any thread; see docs/design/pacing.md.
void spare_pacing(int descriptor, const base::IpAddress& peer);

}  // namespace weir::net
