// SipHash-1-3 with 128 bits: a keyed hash that nobody can aim without the key.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::base {

/// A secret. Drawn from the kernel for each start.
struct SipKey {
  uint64_t first = 0, second = 0;

  static SipKey draw();
};

struct Hash128 {
  uint64_t low = 0, high = 0;

  bool operator==(const Hash128&) const = default;
};

/// For keys that outsiders choose, where a collision would cost more than a bucket that is full:
/// the cache's. Two texts that share a hash are still compared by whoever serves by it. Slower than
/// hash_of(). (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
/// with one round a word and three at the end.)
Hash128 siphash(const SipKey& key, std::string_view text);

}  // namespace weir::base
