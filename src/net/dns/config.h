// How names are looked up.
#pragma once
#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace weir::net {

struct ResolverConfig {
  /// Name servers; empty: those of /etc/resolv.conf, read again when it changes.
  std::vector<base::Endpoint> servers;
  /// Of the first try of one server; c-ares doubles it with each round.
  uint64_t timeout_ms = 2000;
  /// Rounds over all servers.
  uint32_t tries = 3;
  /// Of the whole look-up of a name, whatever the servers do.
  uint64_t total_timeout_ms = 10'000;
  /// Names kept by each worker, found or not; the longest unused goes first.
  uint32_t cache_entries = 10'000;
  /// What DNS says of how long an answer holds is kept within these.
  uint64_t min_ttl_ms = 1000;
  uint64_t max_ttl_ms = 3'600'000;
  /// How long "there is no such name" holds at most.
  uint64_t negative_ttl_ms = 30'000;
  /// Look-ups of one worker under way at once; more fail.
  uint32_t lookups = 10'000;
  friend bool operator==(const ResolverConfig&, const ResolverConfig&) = default;
};

}  // namespace weir::net
