// What the proxy's owner configures about destinations.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "match/host_pattern.h"

namespace weir::policy {

/// Ports that are blocked unless the owner configures otherwise: the bad ports of the Fetch
/// standard (their services could be made to take HTTP for their own protocol), port 0, and
/// databases, remote desktops and container engines, which often trust anyone that reaches them.
/// Sorted.
inline constexpr auto kDefaultBlockedPorts = std::to_array<uint16_t>({
    0,    1,    7,    9,    11,   13,   15,    17,    19,    20,   21,   22,   23,   25,
    37,   42,   43,   53,   69,   77,   79,    87,    95,    101,  102,  103,  104,  109,
    110,  111,  113,  115,  117,  119,  123,   135,   137,   139,  143,  161,  179,  389,
    427,  465,  512,  513,  514,  515,  526,   530,   531,   532,  540,  548,  554,  556,
    563,  587,  601,  636,  989,  990,  993,   995,   1719,  1720, 1723, 2049, 2375, 2379,
    3306, 3389, 3659, 4045, 4190, 5060, 5061,  5432,  5900,  6000, 6379, 6566, 6665, 6666,
    6667, 6668, 6669, 6679, 6697, 9200, 10080, 11211, 27017,
});

/// What one listener's clients may reach, beyond public addresses.
struct Config {
  /// Allows private addresses as destinations, on a listener that only this machine can reach. It
  /// has no effect on other listeners.
  bool private_allowed = true;
  /// Names that may lead to loopback and link-local addresses, also where DNS says so.
  std::vector<match::HostPattern> local_names;
  /// Destinations that are allowed although their address is not public, by name and by address.
  std::vector<match::HostPattern> allowed_names;
  std::vector<base::Cidr> allowed_networks;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::policy
