#include "codec/http1/request_start.h"

#include <algorithm>

#include "http/chars.h"

namespace weir::http1 {

Start start_of(std::string_view bytes) {
  constexpr std::string_view kEmptyLine = "\r\n";
  if (kEmptyLine.starts_with(bytes)) return Start::empty_line;
  if (bytes.starts_with(kEmptyLine)) bytes.remove_prefix(kEmptyLine.size());
  const std::string_view method = bytes.substr(0, kLongestRecognisedMethod + 1);
  const auto end = std::ranges::find_if_not(method, http::is_token_byte);
  const auto size = static_cast<size_t>(end - method.begin());
  if (size > kLongestRecognisedMethod) return Start::other;
  if (end == method.end()) return Start::undecided;
  return size > 0 && *end == ' ' ? Start::request : Start::other;
}

}  // namespace weir::http1
