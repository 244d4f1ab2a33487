#include "net/dns/keys.h"

namespace weir::net {

namespace {

using Kind = base::ValueKind;

constexpr base::Setting<ResolverConfig> kKeys[] = {
    {.name = "resolver",
     .kind = Kind::endpoints,
     .member = &ResolverConfig::servers,
     .least = 1,
     .most = 65535,
     .doc = "Name servers to ask instead of those in /etc/resolv.conf. /etc/hosts is looked at "
            "first in any case."},
    {.table = "dns",
     .name = "timeout",
     .kind = Kind::duration,
     .member = &ResolverConfig::timeout_ms,
     .least = 50,
     .most = base::kMinute,
     .doc = "For the first answer of a name server; later tries wait longer."},
    {.table = "dns",
     .name = "tries",
     .kind = Kind::number,
     .member = &ResolverConfig::tries,
     .least = 1,
     .most = 20,
     .doc = "How often the name servers are asked before a look-up fails."},
    {.table = "dns",
     .name = "total_timeout",
     .kind = Kind::duration,
     .member = &ResolverConfig::total_timeout_ms,
     .least = 100,
     .most = base::kHour,
     .doc = "For a look-up with all its tries."},
    {.table = "dns",
     .name = "lookups",
     .kind = Kind::number,
     .member = &ResolverConfig::lookups,
     .least = 1,
     .most = 100'000,
     .doc = "Look-ups at once, for each worker."},
    {.table = "dns",
     .name = "cache",
     .kind = Kind::number,
     .member = &ResolverConfig::cache_entries,
     .most = 10'000'000,
     .doc = "Names that are remembered, by each worker."},
    {.table = "dns",
     .name = "min_ttl",
     .kind = Kind::duration,
     .member = &ResolverConfig::min_ttl_ms,
     .most = base::kHour,
     .doc = "An answer is kept at least this long, whatever DNS says."},
    {.table = "dns",
     .name = "max_ttl",
     .kind = Kind::duration,
     .member = &ResolverConfig::max_ttl_ms,
     .most = 7 * base::kDay,
     .doc = "And at most this long."},
    {.table = "dns",
     .name = "negative_ttl",
     .kind = Kind::duration,
     .member = &ResolverConfig::negative_ttl_ms,
     .most = base::kHour,
     .doc = "How long it is remembered at most that a name does not exist."},
};

}  // namespace

std::span<const base::Setting<ResolverConfig>> resolver_keys() {
  return kKeys;
}

}  // namespace weir::net
