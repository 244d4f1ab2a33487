#include "net/stream/pacing.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace weir::net {
namespace {

std::string congestion_control(int descriptor) {
  char name[32] = {};
  socklen_t size = sizeof name - 1;
  EXPECT_EQ(getsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
  return name;
}

TEST(Pacing, OnLoopbackAlone) {
  const struct {
    const char* peer;
    bool loopback;
  } cases[] = {{"127.0.0.1", true}, {"127.255.0.9", true}, {"::1", true}, {"128.0.0.1", false},
               {"10.0.0.1", false}, {"0.0.0.0", false},    {"::", false}, {"::2", false},
               {"fe80::1", false},  {"7f00::1", false}};
  for (const auto& c : cases) {
    const auto peer = *base::IpAddress::parse(c.peer);
    const int descriptor = socket(peer.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM, 0);
    if (descriptor < 0) continue;  // No IPv6 here.
    const std::string before = congestion_control(descriptor);
    const bool paces = before.starts_with("bbr");
    spare_pacing(descriptor, peer);
    const std::string after = congestion_control(descriptor);
    if (c.loopback && paces) {
      EXPECT_TRUE(after == "cubic" || after == "reno") << c.peer << " " << after;
    } else {
      EXPECT_EQ(after, before) << c.peer;
    }
    close(descriptor);
  }
}

}  // namespace
}  // namespace weir::net
