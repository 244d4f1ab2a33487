// Cache-Control and Pragma (RFC 9111, 5.2 and 5.4).
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace weir::http {

/// The longest time that is told from a longer one, in seconds (RFC 9111, 1.2.2).
inline constexpr int64_t kLongestSeconds = int64_t{1} << 31;

/// A number of seconds as fields have it: digits alone. Larger ones are kLongestSeconds.
std::optional<int64_t> parse_seconds(std::string_view text);

/// The argument of a directive that takes seconds. One that is no number, or two that differ, are
/// zero: what is not understood makes nothing fresh (RFC 9111, 4.2.1).
class Seconds {
 public:
  void add(std::optional<int64_t> argument);
  bool given() const { return given_; }
  int64_t value() const { return value_; }
  int64_t value_or(int64_t other) const { return given_ ? value_ : other; }
  bool operator==(const Seconds&) const = default;

 private:
  int64_t value_ = 0;
  bool given_ = false;
};

/// no-cache and private: with names they are about those fields alone.
struct FieldNames {
  /// About the whole response: there was one without names, or one that is not understood.
  bool all = false;
  /// In lower case.
  std::vector<std::string> names;

  bool given() const { return all || !names.empty(); }
  bool has(std::string_view lower_name) const {
    return std::ranges::find(names, lower_name) != names.end();
  }
};

/// What a request says about stored responses (RFC 9111, 5.2.1).
struct RequestCacheControl {
  static RequestCacheControl of(const Fields& fields);

  Seconds max_age, min_fresh, stale_if_error;
  /// Without an argument: any staleness, kLongestSeconds.
  Seconds max_stale;
  bool no_cache = false, no_store = false, no_transform = false, only_if_cached = false;
};

/// What a response says about its storage and reuse (RFC 9111, 5.2.2; RFC 5861; RFC 8246).
struct ResponseCacheControl {
  static ResponseCacheControl of(const Fields& fields);

  Seconds max_age, s_maxage, stale_while_revalidate, stale_if_error;
  FieldNames no_cache, private_;
  bool no_store = false, no_transform = false, must_revalidate = false, proxy_revalidate = false;
  bool public_ = false, must_understand = false, immutable = false;
};

}  // namespace weir::http
