#include "origin/keys.h"

namespace weir::origin {

namespace {

using Kind = base::ValueKind;

constexpr base::Setting<OriginConfig> kKeys[] = {
    {.table = "limits",
     .name = "connections_per_origin",
     .kind = Kind::number,
     .member = &OriginConfig::connections_per_origin,
     .least = 1,
     .most = 10'000'000,
     .doc = "Connections to one origin for forwarded requests, in all workers. Who finds them all "
            "in use waits as long as `timeouts.connect`, then gets 503. Tunnels and upgraded "
            "connections do not count."},
    {.table = "limits",
     .name = "interim_responses",
     .kind = Kind::number,
     .member = &OriginConfig::interim_limit,
     .most = 1000,
     .doc = "Interim responses (1xx) before the final one."},
    {.table = "timeouts",
     .name = "connect",
     .kind = Kind::duration,
     .member = &OriginConfig::connect_timeout_ms,
     .least = 100,
     .most = base::kHour,
     .doc = "To connect to an origin, all its addresses together."},
    {.table = "timeouts",
     .name = "first_byte",
     .kind = Kind::duration,
     .member = &OriginConfig::first_byte_timeout_ms,
     .least = 100,
     .most = 7 * base::kDay,
     .doc = "From the end of the request to the first byte of the answer. Long polls and models "
            "that think take minutes. Also how long a new tunnel may stay silent on both sides."},
    {.table = "timeouts",
     .name = "origin_write",
     .kind = Kind::duration,
     .member = &OriginConfig::write_timeout_ms,
     .least = 100,
     .most = 7 * base::kDay,
     .doc = "An origin that does not read what is sent to it."},
    {.table = "pool",
     .name = "idle_per_origin",
     .kind = Kind::number,
     .member = &OriginConfig::idle_per_origin,
     .most = 100'000,
     .doc = "Idle connections that each worker keeps to one origin."},
    {.table = "pool",
     .name = "idle",
     .kind = Kind::number,
     .member = &OriginConfig::idle_total,
     .most = 1'000'000,
     .doc = "Idle connections that each worker keeps in all. 0 keeps none."},
    {.table = "pool",
     .name = "idle_timeout",
     .kind = Kind::duration,
     .member = &OriginConfig::idle_timeout_ms,
     .least = 100,
     .most = base::kDay,
     .doc = "How long an idle connection is kept."},
    {.table = "pool",
     .name = "fresh",
     .kind = Kind::duration,
     .member = &OriginConfig::retry_idle_ms,
     .most = base::kHour,
     .doc = "A request that may not be sent twice takes no connection that was idle for longer."},
    {.table = "pool",
     .name = "attempt_delay",
     .kind = Kind::duration,
     .member = &OriginConfig::attempt_delay_ms,
     .least = 10,
     .most = 10 * base::kSecond,
     .doc = "How long a connection attempt may take before the next address is tried beside it "
            "(RFC 8305)."},
    {.table = "pool",
     .name = "resolution_delay",
     .kind = Kind::duration,
     .member = &OriginConfig::resolution_delay_ms,
     .most = 10 * base::kSecond,
     .doc = "How long IPv4 addresses wait for IPv6 ones that DNS has not yet answered with (RFC "
            "8305)."},
};

}  // namespace

std::span<const base::Setting<OriginConfig>> keys() {
  return kKeys;
}

}  // namespace weir::origin
