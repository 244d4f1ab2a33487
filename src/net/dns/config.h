// Configuration of name look-ups.
#pragma once
#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace weir::net {

struct ResolverConfig {
  /// Name servers. If empty, those of /etc/resolv.conf, which is read again when it changes.
  std::vector<base::Endpoint> servers;
  /// Time limit of the first try of each server; c-ares doubles it with each round.
  uint64_t timeout_ms = 2000;
  /// Number of rounds over all servers.
  uint32_t tries = 3;
  /// Time limit of the whole look-up of a name, whatever the servers do.
  uint64_t total_timeout_ms = 10'000;
  /// How many names each worker caches, found or not. The least recently used one is dropped first.
  uint32_t cache_entries = 10'000;
  /// Bounds for the TTL of an answer from DNS.
  uint64_t min_ttl_ms = 1000;
  uint64_t max_ttl_ms = 3'600'000;
  /// How long "there is no such name" is cached at most.
  uint64_t negative_ttl_ms = 30'000;
  /// How many look-ups one worker may have open at once; further ones fail.
  uint32_t lookups = 10'000;
  friend bool operator==(const ResolverConfig&, const ResolverConfig&) = default;
};

}  // namespace weir::net
