// Tells which addresses belong to this machine.
#pragma once
#include "base/ip.h"

namespace weir::net {

/// Whether the kernel would deliver packets to `address` on this machine. Asks the kernel for its
/// route each time (rtnetlink(7), RTM_GETROUTE), since interfaces come, go and change. IPv4-mapped
/// addresses count as IPv4. Any thread; waits only for the kernel. Also true if there is no
/// descriptor or memory to ask with.
bool is_this_machine(const base::IpAddress& address);

}  // namespace weir::net
