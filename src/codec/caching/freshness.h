// How long a response is fresh, and how old it is (RFC 9111, 4.2).
#pragma once
#include <cstdint>

#include "codec/caching/stored.h"
#include "http/cache_control.h"
#include "http/head.h"

namespace weir::caching {

/// What a guess of a lifetime may be made for.
struct Guess {
  /// False for whatever belongs to one person: see may_store().
  bool allowed = true;
  /// A tenth of the time since Last-Modified (4.2.2), but no longer than this.
  int64_t longest_s = 86'400;
};

struct LifetimeOf {
  Lifetime kind = Lifetime::none;
  int64_t seconds = 0;
};

/// For a shared cache: s-maxage, else max-age, else Expires, else a guess (4.2.1). `date_s`: as in
/// Stored.
LifetimeOf lifetime_of(const http::ResponseHead& head, const http::ResponseCacheControl& control,
                       int64_t date_s, Guess guess);

/// Age in a field: the first member of a list. What is no number counts as 0.
int64_t age_in(const http::Fields& fields);

/// Its age now (4.2.3). A clock that was set back makes nothing younger than it came.
int64_t current_age(const Stored& stored, int64_t now_s);

/// How long it is stale; zero or less: it is fresh for that much longer.
inline int64_t staleness(const Stored& stored, int64_t now_s) {
  return current_age(stored, now_s) - stored.lifetime_s;
}
inline bool is_fresh(const Stored& stored, int64_t now_s) {
  return !stored.outdated && staleness(stored, now_s) < 0;
}

}  // namespace weir::caching
