#include "net/stream/this_machine.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>

namespace weir::net {
namespace {

using base::IpAddress;

TEST(ThisMachine, ByTheKernelsRoutes) {
  const struct {
    const char* address;
    bool here;
  } cases[] = {
      {"127.0.0.1", true},    {"127.8.9.10", true},       {"::ffff:127.0.0.1", true},
      {"192.0.2.1", false},   {"255.255.255.255", false}, {"224.0.0.1", false},
      {"2001:db8::1", false}, {"ff02::1", false},         {"::ffff:192.0.2.1", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(is_this_machine(*IpAddress::parse(c.address)), c.here) << c.address;
}

TEST(ThisMachine, EveryInterfacesAddress) {
  ifaddrs* all = nullptr;
  ASSERT_EQ(getifaddrs(&all), 0);
  int seen = 0;
  for (const ifaddrs* at = all; at; at = at->ifa_next) {
    const auto address = at->ifa_addr ? IpAddress::from(at->ifa_addr) : std::nullopt;
    if (!address) continue;
    ++seen;
    EXPECT_TRUE(is_this_machine(*address)) << address->text();
  }
  freeifaddrs(all);
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace weir::net
