#include "proxy/capacity.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream/descriptor.h"
#include "net/stream/splice.h"

namespace weir::proxy {
namespace {

// The least that limits.memory allows: with less, nothing can be served.
constexpr uint64_t kLeastMemory = 2 << 20;

/// The control group's share of CPU time, in CPUs (cgroup v2, cpu.max: `QUOTA PERIOD`); 0 if there
/// is no quota.
uint32_t cgroup_cpus() {
  std::ifstream group("/proc/self/cgroup");
  std::string line;
  while (std::getline(group, line)) {
    if (!line.starts_with("0::")) continue;
    std::ifstream file("/sys/fs/cgroup" + line.substr(3) + "/cpu.max");
    double quota = 0, period = 0;
    if (file >> quota >> period && period > 0)
      return static_cast<uint32_t>(std::max(1.0, quota / period + 0.5));
  }
  return 0;
}

/// The number at the start of a file; UINT64_MAX if there is none (`max` counts as none).
uint64_t number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : UINT64_MAX;
}

/// The least limit of a group and the groups above it. In a container, the group's own folder may
/// be the topmost one that is visible.
uint64_t least_of_groups(const std::filesystem::path& mounted, std::string_view group,
                         const char* name) {
  uint64_t least = number_in(mounted / name);
  std::filesystem::path below(group.substr(std::min(group.find_first_not_of('/'), group.size())));
  for (; !below.empty(); below = below.parent_path())
    least = std::min(least, number_in(mounted / below / name));
  return least;
}

}  // namespace

uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const auto cpus = static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  const uint32_t quota = cgroup_cpus();
  return quota != 0 ? std::min(cpus, quota) : cpus;
}

// Each client takes a descriptor, and often a second one for its origin. So new clients leave
// `spare` descriptors for the origins of the clients already here. The others are for pipes (two
// each), listeners, loops, files and name servers.
Bearable bearable_connections(uint32_t wanted, uint32_t in_use, uint32_t listening) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {wanted, 0, UINT32_MAX, UINT64_MAX};
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  constexpr rlim_t kOthers = 128;
  const rlim_t pipes = std::min<rlim_t>(limit.rlim_cur / 16, 1024);
  net::set_most_pipes(static_cast<uint32_t>(pipes));
  const rlim_t sockets = limit.rlim_cur - std::min(kOthers, limit.rlim_cur / 4) - 2 * pipes;
  const auto most = static_cast<uint32_t>(std::min<rlim_t>(sockets, UINT32_MAX));
  net::set_most_descriptors(most);
  const rlim_t spare = sockets / 8;
  // Many workers and listeners may already use more than kOthers.
  const rlim_t left = std::max<rlim_t>(limit.rlim_cur, in_use + spare + 1) - in_use - spare;
  const rlim_t clients = std::max<rlim_t>(sockets, listening + spare + 1) - listening - spare;
  return {static_cast<uint32_t>(std::min({rlim_t{wanted}, clients, left})),
          static_cast<uint32_t>(std::min<rlim_t>(spare, UINT32_MAX)), most, limit.rlim_cur};
}

std::optional<uint32_t> descriptors_in_use(size_t more) {
  std::vector<int> opened;
  while (opened.size() < more) {
    const int descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) break;
    opened.push_back(descriptor);
  }
  for (const int descriptor : opened) close(descriptor);
  if (opened.size() < more) return std::nullopt;
  return static_cast<uint32_t>(opened.front());  // The lowest free number.
}

uint64_t memory_allowed(const std::filesystem::path& root) {
  uint64_t least = UINT64_MAX;
  std::string line;
  for (std::ifstream machine(root / "proc/meminfo"); std::getline(machine, line);) {
    uint64_t kib = 0;
    if (std::sscanf(line.c_str(), "MemTotal: %" SCNu64, &kib) == 1) least = kib * 1024;
  }
  // Lines are NUMBER:CONTROLLERS:GROUP; in version 2, CONTROLLERS is empty.
  for (std::ifstream groups(root / "proc/self/cgroup"); std::getline(groups, line);) {
    const size_t first = line.find(':'),
                 second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    const std::string_view group = std::string_view(line).substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, least_of_groups(root / "sys/fs/cgroup", group, "memory.max"));
    } else if (controllers == "memory") {
      least = std::min(
          least, least_of_groups(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

uint64_t address_space_left() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  const uint64_t pages = number_in("/proc/self/statm");
  const uint64_t taken =
      pages == UINT64_MAX ? 0 : pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
}

// The share is below the whole because the kernel's memory for sockets counts in a control group
// too.
uint64_t bearable_memory(uint64_t wanted, uint64_t address_space) {
  if (wanted == 0) return 0;
  const uint64_t allowed = std::min(memory_allowed(), address_space);
  return std::min(wanted, std::max(allowed / 4 * 3, kLeastMemory));
}

}  // namespace weir::proxy
