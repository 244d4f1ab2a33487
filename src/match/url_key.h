// The text by which URL prefixes of one host are sorted and compared.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::match {

/// Scheme and port in three bytes, then the path and query, in which the bytes at which a prefix
/// may end (`/`, the first `?`, and `&` behind it) are numbers below all others. Then what a prefix
/// has stands in one row right behind it, and the last key that is not behind a URL's decides.
std::string url_key(bool https, uint16_t port, std::string_view path);
/// The first three bytes.
std::string url_key_of_site(bool https, uint16_t port);

/// True if the URL prefix with the key `prefix` has what has the key `key`.
bool has_key(std::string_view prefix, bool star, std::string_view key);

}  // namespace weir::match
