// What the machine lets this process do at once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

namespace weir::proxy {

/// CPUs that this process may use: by its affinity and its control group's quota. At least 1.
uint32_t usable_cpus();

/// What the limit of open files bears.
struct Bearable {
  uint32_t connections;  // Of clients, `wanted` at most.
  uint32_t spare;        // Descriptors that only origin connections may take.
  uint32_t sockets;      // In all, listening ones too.
  uint64_t open_files;   // The limit.
};

/// Raises the soft limit of open files to the hard one, and deals out what that allows: to sockets
/// and pipes (net::set_most_descriptors, net::set_most_pipes) too. `in_use` descriptors are no
/// clients', `listening` of them sockets.
Bearable bearable_connections(uint32_t wanted, uint32_t in_use = 0, uint32_t listening = 0);

/// How many descriptors are in use, where `more` can still be opened.
std::optional<uint32_t> descriptors_in_use(size_t more);

/// Bytes that the control groups of this process (either version, each with those above it) and the
/// machine have for it in all, by the files under `root`; UINT64_MAX where none says.
uint64_t memory_allowed(const std::filesystem::path& root = "/");
/// Bytes that this process's limit of address space (RLIMIT_AS) leaves it now; UINT64_MAX where
/// there is none. To be asked once all threads run: each takes a stack and a heap of it.
uint64_t address_space_left();
/// Of `wanted` bytes what the machine bears: three quarters, at most, of what is allowed or of the
/// address space that was left. The rest is the program's and the kernel's. 0 is no limit and stays
/// that.
uint64_t bearable_memory(uint64_t wanted, uint64_t address_space);

}  // namespace weir::proxy
