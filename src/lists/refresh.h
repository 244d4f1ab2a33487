// When a list's URL is fetched next. Pure: no clock, no chance.
#pragma once
#include <cstdint>

namespace weir::lists {

/// What has been tried. Times are seconds since 1970; 0: never.
struct Tried {
  /// When the copy was last known to be the server's.
  int64_t checked = 0;
  /// Since then without success.
  unsigned failures = 0;
  int64_t last_failure = 0;
};

/// `refresh` and the result are in seconds. `chance` is from 0 to 1 and fixed for the URL and this
/// Weir: many Weirs that began at once must not ask one server at once. After a failure it is tried
/// again after five minutes, then after twice as long each time, but at least once per `refresh`.
int64_t next_fetch(const Tried& tried, int64_t refresh, double chance);

}  // namespace weir::lists
