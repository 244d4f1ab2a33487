#include "base/hash.h"

#include <sys/random.h>

#include <chrono>

namespace weir::base {

uint64_t draw_hash_seed() {
  uint64_t drawn = 0;
  if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof drawn)) {
    // The kernel has no randomness so early after boot: use values that others can't know for sure.
    drawn = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) *
                0x9e3779b97f4a7c15 ^
            reinterpret_cast<uintptr_t>(&drawn);
  }
  return drawn;
}

}  // namespace weir::base
