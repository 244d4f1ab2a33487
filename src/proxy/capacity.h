// How much the machine lets this process use: CPUs, open files, memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

namespace weir::proxy {

/// CPUs that this process may use, by its affinity and its control group's quota. At least 1.
uint32_t usable_cpus();

/// What the limit of open files allows.
struct Bearable {
  uint32_t connections;  // Client connections, at most `wanted`.
  uint32_t spare;        // Descriptors that only origin connections may take.
  uint32_t sockets;      // All sockets, listening ones included.
  uint64_t open_files;   // The limit.
};

/// Raises the soft limit of open files to the hard one and divides what that allows, also between
/// sockets and pipes (net::set_most_descriptors, net::set_most_pipes). `in_use` descriptors are not
/// clients'; `listening` of these are listening sockets.
Bearable bearable_connections(uint32_t wanted, uint32_t in_use = 0, uint32_t listening = 0);

/// How many descriptors are in use. Nothing if `more` others can't be opened.
std::optional<uint32_t> descriptors_in_use(size_t more);

/// The least memory in bytes that the machine has or that this process's control groups (version 1
/// or 2, with all groups above) allow, read from the files under `root`; UINT64_MAX if none gives a
/// number.
uint64_t memory_allowed(const std::filesystem::path& root = "/");
/// Bytes of address space that RLIMIT_AS leaves this process now; UINT64_MAX if there is no such
/// limit. Call it once all threads run: each takes address space for a stack and a heap.
uint64_t address_space_left();
/// The memory limit to use if `wanted` bytes are configured: at most three quarters of
/// memory_allowed() or of `address_space`, whichever is less. The rest is left to the program and
/// the kernel. 0 means no limit and stays 0.
uint64_t bearable_memory(uint64_t wanted, uint64_t address_space);

}  // namespace weir::proxy
