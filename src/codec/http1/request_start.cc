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

Start first_line_of(std::string_view bytes) {
  const Start start = start_of(bytes);
  if (start != Start::request) return start;
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  const size_t end = std::min(bytes.find('\n'), bytes.size());
  const bool whole = end < bytes.size();
  std::string_view line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (std::ranges::any_of(line, http::is_control)) return Start::other;
  if (!whole) return Start::undecided;
  return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0") ? Start::request : Start::other;
}

}  // namespace weir::http1
