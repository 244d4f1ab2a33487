#include "match/url_text.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace weir::match {
namespace {

bool is_unreserved(unsigned char c) {
  return base::is_alpha(static_cast<char>(c)) || base::is_digit(static_cast<char>(c)) || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (base::is_digit(c)) return c - '0';
  const char low = base::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

void append_escaped(std::string& out, unsigned char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  out += '%';
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

/// One spelling for each escape. A `%` that begins none stays, as servers leave it.
std::string with_normal_escapes(std::string_view text, bool path) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      const auto meant =
          static_cast<unsigned char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      if (is_unreserved(meant))
        out += static_cast<char>(meant);
      else
        append_escaped(out, meant);
      i += 2;
    } else if (c == '\\' && path) {
      out += '/';
    } else if (c <= 0x20 || c >= 0x7f) {
      append_escaped(out, c);
    } else {
      out += text[i];
    }
  }
  return out;
}

/// RFC 3986, 5.2.4.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_slash = false;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash before the segment.
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_in_slash = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!ends_in_slash) kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (ends_in_slash || out.empty()) out += '/';
  return out;
}

bool is_decoded_by_some(unsigned char c) {
  return c > 0x20 && c < 0x7f && c != '%' && c != '?' && c != '#' && c != '*';
}

std::string with_more_decoded(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool escape = path[i] == '%' && i + 2 < path.size() && hex_value(path[i + 1]) >= 0 &&
                        hex_value(path[i + 2]) >= 0;
    const int meant = escape ? hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]) : 0;
    if (is_decoded_by_some(static_cast<unsigned char>(meant))) {
      out += static_cast<char>(meant);
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

/// Segments without parameters, and no empty ones but the last.
std::string with_plain_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash before the segment.
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (!name.empty() || path.empty()) out.append("/").append(name);
  }
  return out;
}

/// Most paths are: each byte of theirs is looked at once.
bool is_normal(std::string_view path_and_query) {
  if (!path_and_query.starts_with('/')) return false;
  bool segment_begins = false, path = true;
  for (const char each : path_and_query) {
    const auto c = static_cast<unsigned char>(each);
    if (c <= 0x20 || c >= 0x7f || c == '%' || c == '#') return false;
    if (!path) continue;
    if (c == '\\' || (segment_begins && c == '.')) return false;
    segment_begins = c == '/';
    path = c != '?';
  }
  return true;
}

}  // namespace

std::string normal_path(std::string_view path_and_query) {
  if (is_normal(path_and_query)) return std::string(path_and_query);
  path_and_query = path_and_query.substr(0, path_and_query.find('#'));
  const size_t query = path_and_query.find('?');
  std::string path = with_normal_escapes(path_and_query.substr(0, query), true);
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  std::string out = without_dot_segments(path);
  if (query != std::string_view::npos)
    out += with_normal_escapes(path_and_query.substr(query), false);
  return out;
}

std::string other_reading(std::string_view normal) {
  const size_t query = std::min(normal.find('?'), normal.size());
  const std::string_view path = normal.substr(0, query);
  if (path.find_first_of("%;") == std::string_view::npos && path.find("//") == path.npos) return {};
  std::string decoded = with_more_decoded(path);
  std::ranges::replace(decoded, '\\', '/');
  std::string other = without_dot_segments(with_plain_segments(decoded));
  other.append(normal.substr(query));
  return other == normal ? std::string() : other;
}

}  // namespace weir::match
