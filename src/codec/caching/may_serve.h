// Whether a stored response may be served now (RFC 9111, 4 and 4.2.4), to a request that it was
// selected for.
#pragma once
#include <cstdint>

#include "codec/caching/stored.h"
#include "http/cache_control.h"

namespace weir::caching {

enum class Serving : uint8_t {
  as_it_is,
  /// Stale, but at once; it is validated meanwhile (RFC 5861, 3).
  while_validated,
  /// Only once the origin has said that it still holds. With only-if-cached: 504.
  once_validated,
};

Serving may_serve(const Stored& stored, const http::RequestCacheControl& control, int64_t now_s);

/// What has come of a validation that brought no answer to use.
enum class Failure : uint8_t {
  unreachable,  // No connection, or no complete head.
  error,        // 500, 502, 503 or 504.
};
/// The stored response may be served although validation failed (4.2.4; RFC 5861, 4).
bool may_serve_in_spite_of(Failure failure, const Stored& stored,
                           const http::RequestCacheControl& control, int64_t now_s);

}  // namespace weir::caching
