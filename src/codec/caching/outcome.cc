#include "codec/caching/outcome.h"

#include <algorithm>

#include "base/text.h"
#include "http/chars.h"

namespace weir::caching {
namespace {

const char* reason_of(Forwarded forwarded) {
  switch (forwarded) {
    case Forwarded::no: return "";
    case Forwarded::bypass: return "bypass";
    case Forwarded::method: return "method";
    case Forwarded::uri_miss: return "uri-miss";
    case Forwarded::vary_miss: return "vary-miss";
    case Forwarded::request: return "request";
    case Forwarded::stale: return "stale";
    case Forwarded::partial: return "partial";
  }
  return "";
}

/// A Token of structured fields (RFC 9651, 3.3.4) begins with a letter or `*`, and may have `:` and
/// `/` too.
bool is_token(std::string_view text) {
  return !text.empty() && (base::is_alpha(text.front()) || text.front() == '*') &&
         std::ranges::all_of(text,
                             [](char c) { return http::is_token_byte(c) || c == ':' || c == '/'; });
}

void append_item(std::string& to, std::string_view text) {
  if (is_token(text)) {
    to += text;
    return;
  }
  to += '"';
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) continue;
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
  to += '"';
}

}  // namespace

std::string cache_status(const Outcome& outcome, std::string_view cache) {
  std::string text;
  append_item(text, cache);
  if (outcome.forwarded == Forwarded::no) {
    text += "; hit";
  } else {
    (text += "; fwd=") += reason_of(outcome.forwarded);
    if (outcome.origin_status != 0)
      (text += "; fwd-status=") += std::to_string(outcome.origin_status);
  }
  if (outcome.ttl_s) (text += "; ttl=") += std::to_string(*outcome.ttl_s);
  if (outcome.stored) text += "; stored";
  if (outcome.collapsed) text += "; collapsed";
  if (outcome.detail) {
    text += "; detail=";
    append_item(text, outcome.detail);
  }
  return text;
}

const char* word_of(const Outcome& outcome) {
  if (outcome.collapsed) return "collapsed";
  switch (outcome.forwarded) {
    case Forwarded::no: return outcome.ttl_s.value_or(0) < 0 ? "stale" : "hit";
    case Forwarded::bypass:
    case Forwarded::method: return "bypass";
    case Forwarded::uri_miss:
    case Forwarded::vary_miss:
    case Forwarded::partial: return "miss";
    case Forwarded::request:
    case Forwarded::stale: break;
  }
  return outcome.origin_status == 304 ? "validated" : "miss";
}

}  // namespace weir::caching
