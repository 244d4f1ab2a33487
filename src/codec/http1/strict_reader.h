// For tests: a reader that may stand behind Weir, as strict as the grammar of RFC 9112 and as plain
// as possible. It accepts what Weir passes on unchanged: a status up to 999, and in values controls
// other than NUL, CR and LF.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/chars.h"

namespace weir::http1::testing {

struct StrictHead {
  std::string status, reason;
  std::vector<std::string> fields;
  /// `none` (said by no field), `length N` or `chunked`.
  std::string framing = "none";
};

/// Takes the line up to the first CRLF. It must hold no NUL, CR or LF.
inline std::optional<std::string> take_line(std::string_view& text) {
  const size_t end = text.find('\r');
  if (end == std::string_view::npos || text.substr(end, 2) != "\r\n") return std::nullopt;
  std::string line(text.substr(0, end));
  text.remove_prefix(end + 2);
  if (line.find('\n') != std::string::npos || line.find('\0') != std::string::npos)
    return std::nullopt;
  return line;
}

/// Takes one field line, `Name: value`, into the head. At most one field may say where the content
/// ends.
inline bool take_field(const std::string& line, StrictHead& head) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos || !http::is_token(line.substr(0, colon)) ||
      line.substr(colon, 2) != ": ")
    return false;
  const std::string value = line.substr(colon + 2);
  constexpr std::string_view kBlanks = " \t";
  if (!value.empty() && (kBlanks.contains(value.front()) || kBlanks.contains(value.back())))
    return false;
  head.fields.push_back(line);
  std::string name = line.substr(0, colon);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (name != "content-length" && name != "transfer-encoding") return true;
  if (head.framing != "none") return false;
  if (name == "content-length") {
    head.framing = "length " + value;
    return !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
  }
  head.framing = "chunked";
  return http::is_word(value, "chunked");
}

/// Fields up to the empty line, which is the end of `text`.
inline bool take_fields(std::string_view text, StrictHead& head) {
  while (const auto line = take_line(text)) {
    if (line->empty()) return text.empty();
    if (!take_field(*line, head)) return false;
  }
  return false;
}

/// A response's head and nothing behind it.
inline std::optional<StrictHead> read_strictly(std::string_view text) {
  StrictHead head;
  const auto line = take_line(text);
  if (!line || line->size() < 13 || !line->starts_with("HTTP/1.1 ") || (*line)[12] != ' ')
    return std::nullopt;
  head.status = line->substr(9, 3);
  head.reason = line->substr(13);
  if (head.status.find_first_not_of("0123456789") != std::string::npos || head.status[0] == '0')
    return std::nullopt;
  for (const char c : head.reason) {
    if (http::is_control(c)) return std::nullopt;
  }
  if (!take_fields(text, head)) return std::nullopt;
  return head;
}

}  // namespace weir::http1::testing
