#include "lists/refresh.h"

#include <algorithm>

namespace weir::lists {
namespace {
constexpr int64_t kFirstRetry = 300;
constexpr unsigned kMostDoublings = 12;
/// The share of the time by which the next fetch is spread.
constexpr double kSpread = 0.1;

int64_t with_chance(int64_t seconds, double chance) {
  return seconds + static_cast<int64_t>(static_cast<double>(seconds) * kSpread * chance);
}
}  // namespace

int64_t next_fetch(const Tried& tried, int64_t refresh, double chance) {
  if (tried.failures > 0) {
    const int64_t pause = kFirstRetry << std::min(tried.failures - 1, kMostDoublings);
    return tried.last_failure + with_chance(std::min(pause, refresh), chance);
  }
  return tried.checked == 0 ? 0 : tried.checked + with_chance(refresh, chance);
}

}  // namespace weir::lists
