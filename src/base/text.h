// Small helpers for text: ASCII case, numbers, escaping for what people see.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Folds only ASCII letters: field names, host names and codings are ASCII.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string to_lower(std::string_view text);

/// Strict: digits only, no sign, no spaces, nothing left over, no overflow.
template <class T = uint64_t>
constexpr std::optional<T> parse_decimal(std::string_view text) {
  T value{};
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Leading and trailing spaces and tabs (RFC 9110 OWS) removed.
std::string_view trim(std::string_view text);

/// Length of the well-formed UTF-8 sequence at the beginning of `text`, which must not be empty; 0
/// if there is none (RFC 3629, section 4).
size_t utf8_length(std::string_view text);

/// For HTML text and double-quoted attributes; controls and 8-bit bytes that are not UTF-8 become
/// U+FFFD.
std::string escape_html(std::string_view text);

/// Appends `text` in the form that it has inside quotes in the combined log format: `"`, `\` and
/// bytes outside printable ASCII become `\"`, `\\`, `\xHH`.
void append_escaped_for_log(std::string& out, std::string_view text);
/// The same, into memory with room for four times the size of `text`; returns the end of what was
/// written.
char* put_escaped_for_log(char* to, std::string_view text);

/// The value that follows `name=` at the beginning of a line of `text`; of several the first, and
/// empty if there is none. A view of the text.
std::string_view value_in(std::string_view text, std::string_view name);

}  // namespace weir::base
