// Parts of a response that are stored, joined and completed (RFC 9111, 3.3 and 3.4).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/caching/ranges.h"
#include "http/head.h"

namespace weir::caching {

/// Pieces of one response with gaps between them; more are not kept.
inline constexpr size_t kMostPieces = 64;

/// Where the content of a 206 belongs, if it may be kept: it has a strong validator, says how long
/// the whole is, and its content is exactly as long as it says. Nothing: it is only passed on.
/// `date_s`: as in Stored.
std::optional<ContentRange> piece_of(const http::ResponseHead& response, int64_t date_s);

/// Two responses are parts of the same: strong tags, or else strong times, that are equal (3.4).
bool are_of_one(const http::Fields& a, const http::Fields& b, int64_t date_s);

/// What is there of one response: ranges in order, none of which touch.
class Pieces {
 public:
  /// `length`: of the whole.
  explicit Pieces(uint64_t length) : length_(length) {}

  /// Joined with what it touches. False: there would be too many, and nothing has changed.
  bool add(ByteRange range);
  bool has(ByteRange range) const;
  bool complete() const { return length_ > 0 && has({0, length_ - 1}); }
  /// The gaps within that range.
  std::vector<ByteRange> missing_in(ByteRange range) const;
  std::span<const ByteRange> all() const { return all_; }
  uint64_t length() const { return length_; }

 private:
  uint64_t length_;
  std::vector<ByteRange> all_;
};

}  // namespace weir::caching
