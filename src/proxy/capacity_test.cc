#include "proxy/capacity.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace weir::proxy {
namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

/// The result of memory_allowed() on a machine with these files.
uint64_t allowed(const std::map<std::string, std::string>& files) {
  char name[] = "/tmp/weir-capacity-XXXXXX";
  const std::filesystem::path root = mkdtemp(name);
  for (const auto& [path, text] : files) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  const uint64_t bytes = memory_allowed(root);
  std::filesystem::remove_all(root);
  return bytes;
}

TEST(Capacity, MemoryIsTheLeastThatAnybodyAllows) {
  const std::string machine = "MemTotal:        1048576 kB\nMemFree:         5 kB\n";
  const struct {
    const char* what;
    std::map<std::string, std::string> files;
    uint64_t bytes;
  } cases[] = {
      {"nothing is known", {}, UINT64_MAX},
      {"the machine", {{"proc/meminfo", machine}}, 1024 * kMiB},
      {"a group of its own",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "0::/a/b\n"},
        {"sys/fs/cgroup/a/b/memory.max", "268435456\n"}},
       256 * kMiB},
      {"the group above it",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "0::/a/b\n"},
        {"sys/fs/cgroup/a/b/memory.max", "max\n"},
        {"sys/fs/cgroup/a/memory.max", "134217728\n"}},
       128 * kMiB},
      {"a group that has more than there is",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "0::/a\n"},
        {"sys/fs/cgroup/a/memory.max", "1099511627776\n"}},
       1024 * kMiB},
      {"a container, which sees its own folder as the topmost",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "0::/\n"},
        {"sys/fs/cgroup/memory.max", "67108864\n"}},
       64 * kMiB},
      {"the first version, in a container",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "5:devices:/\n4:memory:/pod/x\n0::/\n"},
        {"sys/fs/cgroup/memory/memory.limit_in_bytes", "33554432\n"}},
       32 * kMiB},
      {"the first version, without a limit",
       {{"proc/meminfo", machine},
        {"proc/self/cgroup", "4:memory:/x\n"},
        {"sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n"}},
       1024 * kMiB},
      {"lines that are none",
       {{"proc/meminfo", "MemTotal: much\n"}, {"proc/self/cgroup", "\nx\n1:memory\n::\n"}},
       UINT64_MAX},
  };
  for (const auto& each : cases) EXPECT_EQ(allowed(each.files), each.bytes) << each.what;
}

TEST(Capacity, NoMoreMemoryThanWantedAndNoLimitStaysNone) {
  EXPECT_EQ(bearable_memory(0, 5), 0U);
  EXPECT_EQ(bearable_memory(2 * kMiB, UINT64_MAX), 2 * kMiB);
  EXPECT_LT(bearable_memory(UINT64_MAX, UINT64_MAX), UINT64_MAX) << "this machine has some";
  EXPECT_EQ(bearable_memory(1024 * kMiB, 40 * kMiB), 30 * kMiB);
  EXPECT_EQ(bearable_memory(1024 * kMiB, 0), 2 * kMiB) << "less is of no use";
}

}  // namespace
}  // namespace weir::proxy
