#include "proxy/capacity.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "net/descriptor.h"
#include "net/splice.h"

namespace weir::proxy {
namespace {

/// What the control group may use of the machine's time, in CPUs (cgroup v2, cpu.max: `QUOTA PERIOD`); 0 where nothing is said.
uint32_t cgroup_cpus() {
  std::ifstream group("/proc/self/cgroup");
  std::string line;
  while (std::getline(group, line)) {
    if (!line.starts_with("0::")) continue;
    std::ifstream file("/sys/fs/cgroup" + line.substr(3) + "/cpu.max");
    double quota = 0, period = 0;
    if (file >> quota >> period && period > 0) return static_cast<uint32_t>(std::max(1.0, quota / period + 0.5));
  }
  return 0;
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

// A client may cost a descriptor or two: who comes finds some left for the origins of those who are there. Other descriptors are for
// pipes (two each), for listeners, loops, files, name servers.
Bearable bearable_connections(uint32_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {wanted, 0};
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  constexpr rlim_t kOthers = 128;
  const rlim_t pipes = std::min<rlim_t>(limit.rlim_cur / 16, 1024);
  net::set_most_pipes(static_cast<uint32_t>(pipes));
  const rlim_t sockets = limit.rlim_cur - std::min(kOthers, limit.rlim_cur / 4) - 2 * pipes;
  net::set_most_descriptors(static_cast<uint32_t>(std::min<rlim_t>(sockets, UINT32_MAX)));
  const rlim_t spare = sockets / 8;
  return {static_cast<uint32_t>(std::min<rlim_t>(wanted, sockets - spare)), static_cast<uint32_t>(std::min<rlim_t>(spare, UINT32_MAX))};
}

}  // namespace weir::proxy
