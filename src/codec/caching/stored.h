// What decisions need to know of a stored response beside its fields (RFC 9111). All times are in
// seconds of the wall clock since 1970; durations are from 0 to http::kLongestSeconds.
#pragma once
#include <cstdint>

namespace weir::caching {

/// Where a lifetime comes from (RFC 9111, 4.2.1).
enum class Lifetime : uint8_t {
  none,       // Nothing says how long: it is stale at once.
  heuristic,  // Weir's own guess (4.2.2).
  told,       // The origin says it.
};

struct Stored {
  /// When the request went out that it answered, or that validated it last, and when the head came.
  int64_t request_s = 0, response_s = 0;
  /// Date, or response_s if it came without; the Age that it came with.
  int64_t date_s = 0, age_s = 0;
  int64_t lifetime_s = 0;
  /// May be served stale for that long, while it is validated, and if validation fails (RFC 5861).
  int64_t stale_while_revalidate_s = 0, stale_if_error_s = 0;
  int status = 0;
  Lifetime lifetime = Lifetime::none;
  /// Validated at each use.
  bool no_cache = false;
  /// Never served stale (must-revalidate, proxy-revalidate, s-maxage).
  bool never_stale = false;
  /// Not validated by a reload while it is fresh (RFC 8246).
  bool immutable = false;
  /// Something to validate it by: an entity tag or Last-Modified.
  bool has_validator = false;
  /// Known to be stale whatever its age: a HEAD has shown that it has changed (4.3.5), or an unsafe
  /// request may have changed it (4.4).
  bool outdated = false;

  bool operator==(const Stored&) const = default;
};

}  // namespace weir::caching
