#include "base/clock.h"

#include <ctime>

namespace weir::base {
namespace {
timespec read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now;
}
}  // namespace

uint64_t monotonic_ms() {
  const timespec now = read(CLOCK_MONOTONIC_COARSE);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}
uint64_t monotonic_us() {
  const timespec now = read(CLOCK_MONOTONIC);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}
int64_t wall_seconds() {
  return read(CLOCK_REALTIME_COARSE).tv_sec;
}
int64_t wall_ms() {
  const timespec now = read(CLOCK_REALTIME_COARSE);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace weir::base
