// Whether a response may be stored for other clients (RFC 9111, 3), and by our stricter rules for
// people who share a proxy (docs/design/cache.md).
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "codec/caching/freshness.h"
#include "codec/caching/stored.h"
#include "http/cache_control.h"
#include "http/head.h"

namespace weir::caching {

/// What decisions ask of a request beside its fields.
struct Asked {
  http::RequestCacheControl control;
  bool has_content = false;
  /// In a TLS session that Weir has opened.
  bool opened = false;
  /// On a connection that belongs to one client, as after NTLM.
  bool pinned = false;
};

/// What the owner says about storing.
struct StoringRules {
  Guess guess;
  /// In opened sessions a lifetime counts with cookies too.
  bool opened_cookies = false;
  uint64_t largest_object = 0;
};

/// Why a response is not stored.
enum class NotStored : uint8_t {
  method,           // Not GET.
  request_content,  // A GET with content.
  request_says_so,  // no-store in the request.
  pinned,
  status,  // 304, 206 (which has rules of its own) or no final status.
  no_store,
  is_private,     // private
  authorization,  // The request had one, and nothing allows to share the response (3.5).
  opened,         // It may be one person's, and comes from an opened session.
  vary,           // Vary: *
  useless,        // Nothing says how long it is fresh, nor what to validate it by.
  too_large,
};
/// As Cache-Status and the log have it (RFC 9211, 2.7).
const char* word_of(NotStored why);

struct Times {
  int64_t request_s = 0, response_s = 0;
};

/// What is kept of the response to `request`, or why nothing is.
std::expected<Stored, NotStored> may_store(const http::RequestHead& request, const Asked& asked,
                                           const http::ResponseHead& response, Times times,
                                           const StoringRules& rules);

}  // namespace weir::caching
