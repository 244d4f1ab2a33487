#include "http/userinfo.h"

#include <array>
#include <cstring>

#include "base/text.h"
#include "http/chars.h"
#include "http/session.h"
#include "http/target_parse.h"

namespace weir::http {
namespace {

/// RFC 3986, 3.2.1: unreserved, sub-delims and ":"; '%' is checked separately.
constexpr std::array<bool, 256> kUserinfoByte = [] {
  std::array<bool, 256> table{};
  for (size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = true;
  for (size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (const char c : std::string_view("-._~!$&'()*+,;=:"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr int hex_value(char c) {
  const char small = base::lower(c);
  return base::is_digit(c) ? c - '0' : small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// RFC 4648, 4.
std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k)
      out += k <= bytes.size() - i ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// Reads name, colon and password, decoded, as RFC 7617 needs them. Returns nullptr, or what is
/// wrong.
const char* read_userinfo(std::string_view userinfo, std::string& both) {
  bool colon = false;
  for (size_t i = 0; i < userinfo.size(); ++i) {
    char c = userinfo[i];
    if (c == '\\') return "The authority has a backslash.";
    if (c == '@') return "The authority has more than one '@'.";
    if (c == '%') {
      const int high = i + 2 < userinfo.size() ? hex_value(userinfo[i + 1]) : -1;
      const int low = high < 0 ? -1 : hex_value(userinfo[i + 2]);
      if (low < 0)
        return "The authority's user information has a '%' that two hexadecimal digits do not "
               "follow.";
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        return "The authority's user information has a control character.";
      if (c == ':' && !colon)
        return "The name in the authority has a colon, which the Basic scheme can't express.";
    } else if (!kUserinfoByte[static_cast<unsigned char>(c)]) {
      return "The authority's user information has a byte that has to be percent-encoded there.";
    } else if (c == ':') {
      colon = true;
    }
    both += c;
  }
  if (!colon) both += ':';
  return nullptr;
}

/// The size of `http://` or `https://` that the target begins with, or 0.
size_t scheme_size(std::string_view target) {
  if (is_word(target.substr(0, 7), "http://")) return 7;
  return is_word(target.substr(0, 8), "https://") ? 8 : 0;
}

void refuse(RequestHead& head, std::string_view raw, const char* why) {
  head.fault.emplace(base::ErrorType::http_request_error, why);
  head.raw_target = head.copy(without_userinfo(raw));
}

/// For a target that holds an '@' that may be before the path.
void take_userinfo(RequestHead& head, std::string_view raw) {
  if (head.method == Method::connect) {
    return refuse(head, raw,
                  "The authority has user information; credentials do not belong there.");
  }
  const size_t skip = scheme_size(raw);
  if (skip == 0)
    return refuse(
        head, raw,
        "The request target is neither a path, nor a URL that begins with http:// or https://.");
  const std::string_view rest = raw.substr(skip);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const size_t at = authority.rfind('@');
  const std::string_view host_and_port =
      authority.substr(at + 1);  // The whole authority if there is no '@'.
  if (const auto host = parse_authority(host_and_port, default_port_of(Scheme::http), head.arena());
      !host) {
    head.fault = host.error();
    head.raw_target = head.copy(without_userinfo(raw));
    return;
  }
  if (at == std::string_view::npos) {
    head.raw_target = raw;
    return;
  }
  const std::string_view userinfo = authority.substr(0, at);
  std::string both;
  if (const char* why = read_userinfo(userinfo, both)) return refuse(head, raw, why);
  if (!userinfo.empty()) head.login = head.copy("Basic " + to_base64(both));
  explicit_bzero(both.data(), both.size());
  std::string shown(raw);
  head.raw_target = head.copy(shown.erase(skip, at + 1));
}

std::string origin_of(const Target& target) {
  return (target.scheme == Scheme::https ? "https://" : "http://") +
         authority_key(target.host, target.port);
}

}  // namespace

void set_raw_target(RequestHead& head, std::string_view raw) {
  if (raw.empty() || raw.front() == '/' || !std::memchr(raw.data(), '@', raw.size())) [[likely]] {
    head.raw_target = raw;
    return;
  }
  take_userinfo(head, raw);
}

void use_login(RequestHead& head) {
  if (head.login.empty()) return;
  if (head.fields.has(FieldId::authorization)) {
    head.login = {};
    return;
  }
  head.fields.add_in_place(name_of(FieldId::authorization), head.login, FieldId::authorization);
  head.login_origin = head.copy(origin_of(head.target));
}

void drop_foreign_login(RequestHead& head) {
  if (head.login.empty() || head.login_origin == origin_of(head.target)) return;
  head.fields.remove_if([&](const Field& field) {
    return field.id == FieldId::authorization && field.value() == head.login;
  });
  head.login = {};
}

std::string without_userinfo(std::string_view target) {
  size_t start = 0;
  const std::string_view scheme = target.substr(0, target.find_first_of("/\\"));
  if (scheme.ends_with(':') && scheme.find('@') == std::string_view::npos)
    start = target.find(':') + 1;
  const size_t name = std::min(target.find_first_not_of("/\\", start), target.size());
  const size_t at = target.substr(name).rfind('@');
  std::string shown(target);
  if (at != std::string_view::npos) shown.erase(name, at + 1);
  return shown;
}

}  // namespace weir::http
