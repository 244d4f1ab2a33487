// Time. Deadlines use a coarse monotonic clock, which the loop reads once per turn; the log uses
// the wall clock.
#pragma once
#include <cstdint>

namespace weir::base {

/// Monotonic, in milliseconds, accurate to a few milliseconds (CLOCK_MONOTONIC_COARSE).
uint64_t monotonic_ms();
/// Monotonic, in microseconds.
uint64_t monotonic_us();
/// Seconds since 1970, UTC.
int64_t wall_seconds();
/// Milliseconds since 1970, UTC.
int64_t wall_ms();

}  // namespace weir::base
