// What the cache did with a request, and the Cache-Status field that says so (RFC 9211).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::caching {

/// Why a request went to the origin (RFC 9211, 2.2).
enum class Forwarded : uint8_t {
  no,      // It was answered from the store.
  bypass,  // It is not for the cache.
  method,
  uri_miss,   // Nothing is stored for that URL.
  vary_miss,  // What is stored was for requests that said something else.
  request,    // The request asks for it.
  stale,
  partial,  // A part of it is stored.
};

struct Outcome {
  Forwarded forwarded = Forwarded::no;
  /// Of the origin's response, where that is not the one that the client gets; 0: it is, or there
  /// was none.
  int origin_status = 0;
  /// For how long it is still fresh, less than 0 if it is stale; nothing: not known.
  std::optional<int64_t> ttl_s;
  bool stored = false;
  /// It waited for another client's request.
  bool collapsed = false;
  /// Static text; null: nothing more is to be said. Printable ASCII without quotes and backslashes.
  const char* detail = nullptr;
};

/// A member of the field, such as `weir-1a2b; fwd=stale; fwd-status=304; stored`. `cache` is the
/// name in Via; what no token may be is quoted, and what no string may have is left out.
std::string cache_status(const Outcome& outcome, std::string_view cache);

/// As the log has it: hit, miss, stale, validated, collapsed or bypass.
const char* word_of(const Outcome& outcome);

}  // namespace weir::caching
