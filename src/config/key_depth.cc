#include "config/key_depth.h"

#include <algorithm>

namespace weir::config {
namespace {

/// The end of the string that begins at `at`, behind its closing quotes; where the text or, for a
/// string of one line, that line ends, if there are none.
size_t end_of_string(std::string_view text, size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '"';
  const std::string_view closing = quote == '"' ? "\"\"\"" : "'''";
  const bool long_string = text.substr(at).starts_with(closing);
  size_t i = at + (long_string ? 3 : 1);
  while (i < text.size()) {
    if (escapes && text[i] == '\\') {
      i += 2;
    } else if (!long_string && (text[i] == quote || text[i] == '\n')) {
      return text[i] == quote ? i + 1 : i;
    } else if (long_string && text.substr(i).starts_with(closing)) {
      return i + 3;
    } else {
      ++i;
    }
  }
  return text.size();
}

/// Columns count characters, which begin with any byte but 10xxxxxx.
Position position_of(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0.
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  };
  return {static_cast<uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<uint32_t>(std::ranges::count_if(before.substr(line_begin), begins_character) +
                                1)};
}

}  // namespace

std::optional<Position> too_deep_key(std::string_view text) {
  constexpr std::string_view kBetweenKeys = "\n=,{}[]";
  int parts = 1;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = end_of_string(text, i);
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '.' && ++parts > kDeepestKey) return position_of(text, i);
    if (kBetweenKeys.find(c) != std::string_view::npos) parts = 1;
    ++i;
  }
  return std::nullopt;
}

}  // namespace weir::config
