// What the machine lets this process do at once.
#pragma once
#include <cstdint>

namespace weir::proxy {

/// CPUs that this process may use: by its affinity and its control group's quota. At least 1.
uint32_t usable_cpus();

/// What the limit of open files bears.
struct Bearable {
  uint32_t connections;  // Of clients, `wanted` at most.
  uint32_t spare;        // Descriptors that only origin connections may take.
};

/// Raises the soft limit of open files to the hard one, and deals out what that allows: to sockets and pipes (net::set_most_descriptors,
/// net::set_most_pipes) too.
Bearable bearable_connections(uint32_t wanted);

}  // namespace weir::proxy
