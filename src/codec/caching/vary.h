// Selecting among responses to one URL by what their requests said (RFC 9111, 4.1).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace weir::caching {

/// No stored response names more fields than this in Vary; one that does is not stored.
inline constexpr size_t kMostVaryNames = 8;

/// The fields that Vary names, in lower case, each once and in order of the alphabet. `nothing`:
/// it matches no request at all (`*`), or names too many.
struct VaryNames {
  std::vector<std::string> names;
  bool nothing = false;

  static VaryNames of(const http::Fields& response);
  bool operator==(const VaryNames&) const = default;
};

/// What a request says in those fields, so that two requests have the same text exactly if a
/// response to one may be selected for the other. Each value in the form that it shares with all
/// values of the same meaning, as far as RFC 9111 allows it: lines are joined, blanks around
/// members go. Beyond that only Accept-Encoding and Accept-Language are known well enough. A field
/// that is absent is not one that is empty.
std::string selecting_text(const VaryNames& vary, const http::Fields& request);

/// One field's value in that form; for tables of tests. `value`: all lines, joined by commas.
std::string normalised(std::string_view lower_name, std::string_view value);

}  // namespace weir::caching
