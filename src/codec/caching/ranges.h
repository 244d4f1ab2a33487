// Range requests answered from a stored whole (RFC 9110, 14; RFC 9111, 3.3).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace weir::caching {

/// Bytes `first` to `last`, both included.
struct ByteRange {
  uint64_t first = 0, last = 0;

  uint64_t size() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

/// More ranges than this, after those that touch were joined, are answered by the whole.
inline constexpr size_t kMostRanges = 16;

struct Ranges {
  enum class What : uint8_t {
    whole,  // No Range that is understood, or one that asks for too much.
    some,
    unsatisfiable,  // 416: nothing of what is asked for is there.
  };
  What what = What::whole;
  /// In the order in which they were asked for; ranges that overlap or touch are one.
  std::vector<ByteRange> all;
};

/// `length`: of the whole content.
Ranges ranges_of(std::string_view range, uint64_t length);

/// The field If-Range lets the Range of the request count: there is none, or it names the very
/// response that is stored (RFC 9110, 13.1.5). `date_s`: as in Stored.
bool if_range_holds(const http::Fields& request, const http::Fields& stored, int64_t date_s);

/// Content-Range of a 206 (RFC 9110, 14.4).
struct ContentRange {
  ByteRange range;
  /// Nothing: the sender does not know it.
  std::optional<uint64_t> complete;

  std::string text() const;
  bool operator==(const ContentRange&) const = default;
};
/// Nothing if it is not well-formed, contradicts itself, or is that of a 416.
std::optional<ContentRange> parse_content_range(std::string_view text);
/// Content-Range of a 416.
std::string unsatisfied_content_range(uint64_t length);

}  // namespace weir::caching
