#include "stages/auth/basic.h"

#include <cstring>

#include "base/text.h"
#include "stages/auth/password.h"
#include "stages/auth/password_file.h"

namespace weir::auth {
namespace {

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// RFC 4648, 4. Padding may be left out; bits that are left over must be 0.
std::optional<std::string> from_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = sextet(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = base::utf8_length(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Converts `text` to UTF-8 and wipes the old text.
void from_latin1(std::string& text) {
  std::string utf8;
  utf8.reserve(2 * text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) utf8 += static_cast<char>(0xc0 | byte >> 6);
    utf8 += static_cast<char>(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
  }
  explicit_bzero(text.data(), text.size());
  text = std::move(utf8);
}

}  // namespace

Credentials::~Credentials() {
  explicit_bzero(password.data(), password.capacity());
}

std::optional<Credentials> parse_basic(std::string_view value) {
  const size_t space = value.find(' ');
  if (space == std::string_view::npos ||
      !base::equal_ignoring_case(value.substr(0, space), "basic"))
    return std::nullopt;
  const std::string_view encoded = base::trim(value.substr(space));
  if (encoded.size() > 4 * (kLongestUser + 1 + kLongestPassword) / 3 + 4) return std::nullopt;
  auto both = from_base64(encoded);
  if (!both) return std::nullopt;
  // The challenge says UTF-8 (RFC 7617, 2.1), but many programs, Python's requests among them, send
  // ISO 8859-1 all the same. Only one of the two is tried: each guess costs a hash and one of the
  // client's places (see Attempts).
  if (!is_utf8(*both)) from_latin1(*both);
  const size_t colon = both->find(':');
  std::optional<Credentials> credentials;
  if (colon != std::string::npos)
    credentials.emplace(both->substr(0, colon), both->substr(colon + 1));
  explicit_bzero(both->data(), both->size());
  if (!credentials || !is_user_name(credentials->user) ||
      credentials->password.size() > kLongestPassword)
    return std::nullopt;
  // libcrypt would take the NUL for the end of the password.
  if (credentials->password.find('\0') != std::string::npos) return std::nullopt;
  return credentials;
}

}  // namespace weir::auth
