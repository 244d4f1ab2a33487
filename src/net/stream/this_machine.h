// Which addresses are this machine's.
#pragma once
#include "base/ip.h"

namespace weir::net {

/// The kernel would deliver packets to `address` on this machine: asked of its routes each time
/// (rtnetlink(7), RTM_GETROUTE), since interfaces come, go and change. IPv4-mapped forms count as
/// IPv4. Any thread; does not wait for anything but the kernel. True also where there is no
/// descriptor or memory to ask with.
bool is_this_machine(const base::IpAddress& address);

}  // namespace weir::net
