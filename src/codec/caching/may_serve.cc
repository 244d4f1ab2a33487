#include "codec/caching/may_serve.h"

#include <algorithm>

#include "codec/caching/freshness.h"

namespace weir::caching {
namespace {

/// The request wants a younger one, or one that stays fresh for longer.
bool is_too_old(const Stored& stored, const http::RequestCacheControl& control, int64_t now_s) {
  const int64_t age = current_age(stored, now_s);
  if (control.min_fresh.given() && stored.lifetime_s - age < control.min_fresh.value()) return true;
  if (!control.max_age.given()) return false;
  // A browser's reload says max-age=0, which is no sign that an immutable one has to be asked about
  // (RFC 8246, 2).
  if (stored.immutable && is_fresh(stored, now_s)) return false;
  return control.max_age.value() == 0 || age > control.max_age.value();
}

}  // namespace

Serving may_serve(const Stored& stored, const http::RequestCacheControl& control, int64_t now_s) {
  using enum Serving;
  if (control.no_cache || stored.no_cache || stored.outdated) return once_validated;
  if (is_too_old(stored, control, now_s)) return once_validated;
  if (is_fresh(stored, now_s)) return as_it_is;
  if (stored.never_stale || stored.lifetime == Lifetime::none) return once_validated;
  const int64_t stale_s = staleness(stored, now_s);
  if (control.max_stale.given() && stale_s <= control.max_stale.value()) return as_it_is;
  return stale_s < stored.stale_while_revalidate_s ? while_validated : once_validated;
}

bool may_serve_in_spite_of(Failure failure, const Stored& stored,
                           const http::RequestCacheControl& control, int64_t now_s) {
  if (control.no_cache || stored.no_cache || stored.never_stale || stored.outdated) return false;
  if (failure == Failure::unreachable) return true;
  const int64_t longest = std::max(stored.stale_if_error_s, control.stale_if_error.value_or(0));
  return staleness(stored, now_s) < longest;
}

}  // namespace weir::caching
