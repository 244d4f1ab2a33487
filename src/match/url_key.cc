#include "match/url_key.h"

namespace weir::match {
namespace {

constexpr char kQuery = 1, kSlash = 2, kAmpersand = 3;

/// Paths in normal form have no control characters.
bool is_separator(char c) {
  return c >= kQuery && c <= kAmpersand;
}

}  // namespace

std::string url_key_of_site(bool https, uint16_t port) {
  return {https ? 's' : 'h', static_cast<char>(port >> 8), static_cast<char>(port & 0xff)};
}

std::string url_key(bool https, uint16_t port, std::string_view path) {
  std::string key = url_key_of_site(https, port);
  key.reserve(key.size() + path.size());
  bool in_query = false;
  for (const char c : path) {
    if (in_query) {
      key += c == '&' ? kAmpersand : c;
    } else {
      in_query = c == '?';
      key += in_query ? kQuery : c == '/' ? kSlash : c;
    }
  }
  return key;
}

bool has_key(std::string_view prefix, bool star, std::string_view key) {
  if (!key.starts_with(prefix)) return false;
  return star || key.size() == prefix.size() || is_separator(prefix.back()) ||
         is_separator(key[prefix.size()]);
}

}  // namespace weir::match
