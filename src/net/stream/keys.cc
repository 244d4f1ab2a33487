#include "net/stream/keys.h"

namespace weir::net {

namespace {

using Kind = base::ValueKind;

constexpr base::Setting<TcpConfig> kKeys[] = {
    {.table = "timeouts",
     .name = "tcp_keepalive",
     .kind = Kind::duration,
     .member = &TcpConfig::keepalive_ms,
     .least = base::kSecond,
     .most = 9 * base::kHour,
     .doc = "Idle time after which the kernel asks whether the other side is still there, on every "
            "connection. Whole seconds."},
};

}  // namespace

std::span<const base::Setting<TcpConfig>> tcp_keys() {
  return kKeys;
}

}  // namespace weir::net
