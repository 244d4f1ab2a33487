#include "net/stream/pacing.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace weir::net {
namespace {

bool is_loopback(const base::IpAddress& address) {
  static const base::IpAddress six = *base::IpAddress::parse("::1");
  return address.is_v4() ? address.bytes()[0] == 127 : address == six;
}

bool set(int descriptor, std::string_view name) {
  return setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                    static_cast<socklen_t>(name.size())) == 0;
}

/// The congestion control to use instead of the system's; empty if the system's does not pace, or
/// if no other one is available.
std::string_view choose() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return {};
  char name[32] = {};
  socklen_t size = sizeof name - 1;
  std::string_view chosen;
  if (getsockopt(probe, IPPROTO_TCP, TCP_CONGESTION, name, &size) == 0 &&
      std::string_view(name).starts_with("bbr")) {
    // A process without root's rights may not be allowed to use all of them.
    for (const std::string_view each : {"cubic", "reno"}) {
      if (!set(probe, each)) continue;
      chosen = each;
      break;
    }
  }
  close(probe);
  return chosen;
}

}  // namespace

void spare_pacing(int descriptor, const base::IpAddress& peer) {
  static const std::string_view chosen = choose();
  if (!chosen.empty() && is_loopback(peer)) set(descriptor, chosen);
}

}  // namespace weir::net
