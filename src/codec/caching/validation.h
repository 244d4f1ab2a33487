// Conditional requests: those of clients that a stored response answers, and Weir's own, by which a
// stored response is validated (RFC 9111, 4.3).
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "codec/caching/stored.h"
#include "http/head.h"

namespace weir::caching {

/// Only the origin can say whether these hold (RFC 9111, 4.3.2): the request is not for the cache.
bool has_conditions_for_origin(const http::Fields& request);

/// What a client that asks for a stored 200 gets.
enum class Answer : uint8_t { content, not_modified };
/// By the client's If-None-Match, or without that by its If-Modified-Since.
Answer answer_to(const http::Fields& request, const http::Fields& stored, const Stored& about);

/// The fields by which the origin is asked whether stored responses still hold. Empty: none of them
/// has a validator.
struct Conditions {
  std::string if_none_match, if_modified_since;

  bool empty() const { return if_none_match.empty() && if_modified_since.empty(); }
};
/// `stored`: of all responses that may be selected by the answer, the one that would be served
/// first.
Conditions conditions_for(std::span<const http::Fields* const> stored);

/// Which of the stored responses the 304 is about (4.3.4); empty: none, and the request has to be
/// made again without conditions. Places in `stored`.
std::vector<size_t> chosen_by(const http::Fields& not_modified,
                              std::span<const http::Fields* const> stored);

/// The stored head with what a 304, or a response to HEAD, says anew (3.2).
base::Ref<http::ResponseHead> updated(const http::ResponseHead& stored, const http::Fields& answer);

/// A response to HEAD shows that the stored content is not what GET would get now (4.3.5).
bool shows_a_change(const http::Fields& answer_to_head, const http::Fields& stored);

}  // namespace weir::caching
