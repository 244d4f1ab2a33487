// URLs in lists, which mean all that is below them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::match {

/// `http://example.com:8080/ads/` or, for http and https, `example.com/ads`: a URL and what is
/// below its path. `/ads` has `/ads`, `/ads?x` and `/ads/x`, but not `/adsense`; `/ads?x=1` has
/// `/ads?x=1&y=2`, but not `/ads?x=12`. With a star at its end a URL has all that begins like it.
struct UrlPrefix {
  bool http = true, https = true;
  /// As requests have it: lower case, no trailing dot, an address without brackets.
  std::string host;
  bool literal = false;
  /// None: the scheme's own.
  std::optional<uint16_t> port = {};
  /// In the form of normal_path(), without the star.
  std::string path;
  bool star = false;

  /// Fails with what is wrong in words: lower case at the beginning, no full stop.
  static std::expected<UrlPrefix, std::string_view> parse(std::string_view text);
  friend bool operator==(const UrlPrefix&, const UrlPrefix&) = default;
};

}  // namespace weir::match
