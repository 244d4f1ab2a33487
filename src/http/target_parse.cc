#include "http/target_parse.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "http/chars.h"
#include "http/userinfo.h"

namespace weir::http {
namespace {

using base::ErrorType;
using base::Result;

std::unexpected<base::Error> refuse(const char* why) {
  return base::fail(ErrorType::http_request_error, why);
}

enum : uint8_t { kHostByte = 1, kUpperByte = 2, kDot = 4 };

constexpr std::array<uint8_t, 256> kBytes = [] {
  std::array<uint8_t, 256> table{};
  for (size_t c = 'a'; c <= 'z'; ++c) table[c] = kHostByte;
  for (size_t c = '0'; c <= '9'; ++c) table[c] = kHostByte;
  for (size_t c = 'A'; c <= 'Z'; ++c) table[c] = kHostByte | kUpperByte;
  table['-'] = table['_'] = kHostByte;
  table['.'] = kHostByte | kDot;
  return table;
}();

/// Four decimal numbers up to 255 without leading zeros.
bool is_dotted_quad(std::string_view text) {
  if (text.size() > 15) return false;
  int dots = 0, digits = 0, value = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || ++dots > 3) return false;
      digits = value = 0;
      continue;
    }
    if (!base::is_digit(c) || (digits > 0 && value == 0)) return false;
    value = value * 10 + (c - '0');
    ++digits;
    if (value > 255) return false;
  }
  return dots == 3 && digits > 0;
}

/// Whether resolvers would read the label as a part of an address: decimal, octal or hexadecimal
/// (WHATWG URL, "ends in a number").
bool looks_like_number(std::string_view label) {
  if (label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
    return label.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  return label.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Why a host may not hold this byte.
const char* host_byte_fault(char c) {
  switch (c) {
    case '@': return "The authority has user information; credentials do not belong there.";
    case '%': return "The host is percent-encoded.";
    case '\\': return "The authority has a backslash.";
    case '#': return "The authority has a '#'.";
    default: return "The host has a byte that no host name has.";
  }
}

struct Name {
  /// How many bytes at the beginning are bytes of host names.
  size_t size = 0;
  bool upper = false;
  bool literal = false;
};

/// Reads the bytes of a host name at the beginning of `text`. Returns nullptr, or what is wrong.
const char* read_name(std::string_view text, bool dot_allowed, Name& name) {
  uint8_t seen = 0;
  size_t label = 0;
  size_t size = 0;
  for (; size < text.size(); ++size) {
    const uint8_t kind = kBytes[static_cast<unsigned char>(text[size])];
    if (kind == 0) break;
    seen |= kind;
    if (!(kind & kDot)) continue;
    if (size == label) return "The host name has an empty label.";
    if (size - label > 63) return "A label of the host name is longer than 63 bytes.";
    label = size + 1;
  }
  name.size = size;
  if (size == 0)
    return text.empty() || text.front() == ':' ? "The host is empty."
                                               : host_byte_fault(text.front());
  std::string_view host = text.substr(0, size);
  if (label == size) {
    if (!dot_allowed) return "The host name has an empty label.";
    host.remove_suffix(1);
    const size_t dot = host.rfind('.');
    label = dot == std::string_view::npos ? 0 : dot + 1;
  }
  if (host.size() - label > 63) return "A label of the host name is longer than 63 bytes.";
  if (host.size() > 253) return "The host name is longer than 253 bytes.";
  name.upper = seen & kUpperByte;
  if (base::is_digit(host[label]) && looks_like_number(host.substr(label))) {
    if (!is_dotted_quad(host))
      return "The host looks like an IPv4 address, and is not four decimal numbers.";
    name.literal = true;
  }
  return nullptr;
}

/// Reads what follows the colon. Returns nullptr, or what is wrong.
const char* read_port(std::string_view text, Authority& authority) {
  if (text.empty()) return nullptr;
  if (text.size() > 5) return "The port is not a number from 1 to 65535.";
  uint32_t port = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return "The port is not a number from 1 to 65535.";
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (text.front() == '0' || port > 65535) return "The port is not a number from 1 to 65535.";
  authority.port = static_cast<uint16_t>(port);
  authority.had_port = true;
  return nullptr;
}

const char* read_ipv6(std::string_view text, Arena& arena, Authority& authority) {
  char written[INET6_ADDRSTRLEN];
  in6_addr address{};
  if (text.size() >= sizeof written) return "The IPv6 address in the authority can't be read.";
  std::memcpy(written, text.data(), text.size());
  written[text.size()] = 0;
  if (std::memchr(written, 0, text.size()) || inet_pton(AF_INET6, written, &address) != 1) {
    if (text.find('%') != std::string_view::npos)
      return "The IPv6 address in the authority has a zone id.";
    return "The IPv6 address in the authority can't be read.";
  }
  inet_ntop(AF_INET6, &address, written, sizeof written);
  authority.host = written == text ? text : arena.copy(written);
  authority.canonical = written == text;
  authority.literal = true;
  return nullptr;
}

const char* read_authority(std::string_view text, uint16_t default_port, Arena& arena,
                           Authority& authority) {
  authority.port = default_port;
  if (text.empty()) return "The host is empty.";
  if (text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos)
      return "The IPv6 address in the authority has no closing bracket.";
    if (const char* why = read_ipv6(text.substr(1, close - 1), arena, authority)) return why;
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return nullptr;
    if (rest.front() != ':') return "There is something between the IPv6 address and its port.";
    authority.canonical = authority.canonical && rest.size() > 1;
    return read_port(rest.substr(1), authority);
  }
  Name name;
  if (const char* why = read_name(text, true, name)) return why;
  std::string_view host = text.substr(0, name.size);
  const std::string_view rest = text.substr(name.size);
  if (!rest.empty() && rest.front() != ':') return host_byte_fault(rest.front());
  authority.canonical = rest.size() != 1 && !name.upper;
  authority.literal = name.literal;
  if (host.back() == '.') {
    host.remove_suffix(1);
    authority.canonical = false;
  }
  if (name.upper) {
    char* folded = arena.allocate(host.size());
    for (size_t i = 0; i < host.size(); ++i) folded[i] = base::lower(host[i]);
    host = {folded, host.size()};
  }
  authority.host = host;
  if (rest.empty()) return nullptr;
  const char* const why = read_port(rest.substr(1), authority);
  // What stands before an '@' is not a mistyped port, but a name and a password.
  return why && rest.find('@') != std::string_view::npos ? host_byte_fault('@') : why;
}

/// Reads path and query, which are the end of raw_target. Removes a fragment from both (an
/// exception to RFC 9112, 3.2: some clients leave it there).
const char* read_path(RequestHead& head, std::string_view path, Target& target) {
  const char* const end = path.data() + path.size();
  const char* stop = find_target_end(path.data(), end);
  target.path = path;
  if (stop == end) [[likely]]
    return nullptr;
  if (*stop == '#') {
    const auto fragment = static_cast<size_t>(end - stop);
    target.path.remove_suffix(fragment);
    head.raw_target.remove_suffix(fragment);
    while (stop < end && *stop == '#') stop = find_target_end(stop + 1, end);
    if (stop == end) return nullptr;
  }
  return "The request target has a space or a control character.";
}

void set_authority(Target& target, const Authority& authority, std::string_view text,
                   uint16_t default_port, Arena& arena) {
  target.host = authority.host;
  target.literal = authority.literal;
  target.port = authority.port;
  const bool as_it_came =
      authority.canonical && authority.had_port == (authority.port != default_port);
  target.authority = as_it_came ? text : serialise_authority(authority, default_port, arena);
  target.written_authority = text;
}

/// `http://authority[/path][?query]` (RFC 9112, 3.2.2).
const char* read_absolute(RequestHead& head, std::string_view raw, Target& target) {
  size_t skip = 0;
  if (is_word(raw.substr(0, 7), "http://")) {
    target.scheme = Scheme::http;
    skip = 7;
  } else if (is_word(raw.substr(0, 8), "https://")) {
    target.scheme = Scheme::https;
    skip = 8;
  } else {
    return raw.find(':') == std::string_view::npos
               ? "The request target is neither a path, nor a URL, nor '*' (for CONNECT: host and "
                 "port)."
               : "The URL's scheme is not http or https, or it is not followed by '//'.";
  }
  target.form = TargetForm::absolute;
  const uint16_t default_port = default_port_of(target.scheme);
  const std::string_view rest = raw.substr(skip);
  const auto end =
      static_cast<size_t>(find_authority_end(rest.data(), rest.data() + rest.size()) - rest.data());
  const std::string_view text = rest.substr(0, end);
  Authority authority;
  if (const char* why = read_authority(text, default_port, head.arena(), authority)) return why;
  set_authority(target, authority, text, default_port, head.arena());
  if (end == rest.size()) {
    // RFC 9112, 3.2.4: this is how a client asks a proxy for an origin's `OPTIONS *`.
    target.path = head.method == Method::options ? "*" : "/";
    return nullptr;
  }
  if (const char* why = read_path(head, rest.substr(end), target)) return why;
  if (target.path.front() == '?') {
    char* path = head.arena().allocate(target.path.size() + 1);
    path[0] = '/';
    std::memcpy(path + 1, target.path.data(), target.path.size());
    target.path = {path, target.path.size() + 1};
  }
  return nullptr;
}

/// Reads Host, which HTTP/1.1 requires (RFC 9112, 3.2). `authority.host` stays empty if there is
/// none. `known` is text that has been parsed as an authority already; most clients repeat it in
/// Host.
const char* read_host(RequestHead& head, uint16_t default_port, std::string_view known,
                      Authority& authority, std::string_view& text) {
  const Field* host = nullptr;
  for (const Field& field : head.fields.all()) {
    if (field.id != FieldId::host) continue;
    if (host) return "There is more than one Host.";
    host = &field;
  }
  if (!host)
    return head.version >= Version::http_1_1 ? "An HTTP/1.1 request must have a Host." : nullptr;
  text = host->value();
  if (text.empty() || text == known) return nullptr;
  return read_authority(text, default_port, head.arena(), authority);
}

const char* read_target(RequestHead& head, Scheme scheme, Target& target) {
  const std::string_view raw = head.raw_target;
  const uint16_t default_port = default_port_of(scheme);
  Authority host;
  std::string_view host_text;
  if (head.method == Method::connect) {
    Authority authority;
    target.form = TargetForm::authority;
    if (const char* why = read_authority(raw, 0, head.arena(), authority)) return why;
    if (!authority.had_port) return "CONNECT needs a host and a port.";
    set_authority(target, authority, raw, 0, head.arena());
    return read_host(head, 443, raw, host, host_text);
  }
  if (raw.empty()) return "The request target is empty.";
  if (raw.front() == '/') {
    target.form = TargetForm::origin;
    if (const char* why = read_path(head, raw, target)) return why;
  } else if (raw == "*") {
    if (head.method != Method::options) return "The request target '*' is for OPTIONS only.";
    target.form = TargetForm::asterisk;
    target.path = "*";
  } else {
    if (const char* why = read_absolute(head, raw, target)) return why;
    return read_host(head, default_port_of(target.scheme), target.written_authority, host,
                     host_text);
  }
  target.scheme = scheme;
  if (const char* why = read_host(head, default_port, {}, host, host_text)) return why;
  if (!host.host.empty()) {
    set_authority(target, host, host_text, default_port, head.arena());
  } else if (head.fields.has(FieldId::host) && target.form == TargetForm::origin) {
    return "The Host is empty, and the request target names no host.";
  }
  return nullptr;
}

}  // namespace

Result<Authority> parse_authority(std::string_view text, uint16_t default_port, Arena& arena) {
  Authority authority;
  if (const char* why = read_authority(text, default_port, arena, authority)) return refuse(why);
  return authority;
}

std::string_view serialise_authority(const Authority& authority, uint16_t default_port,
                                     Arena& arena) {
  const bool brackets = authority.literal && authority.host.find(':') != std::string_view::npos;
  const bool port = default_port == 0 || authority.port != default_port;
  if (!brackets && !port) return authority.host;
  char* const out = arena.allocate(authority.host.size() + 8);
  char* at = out;
  if (brackets) *at++ = '[';
  std::memcpy(at, authority.host.data(), authority.host.size());
  at += authority.host.size();
  if (brackets) *at++ = ']';
  if (port) {
    *at++ = ':';
    at = std::to_chars(at, at + 5, authority.port).ptr;
  }
  return {out, static_cast<size_t>(at - out)};
}

bool is_host_name(std::string_view text) {
  Name name;
  return read_name(text, false, name) == nullptr && name.size == text.size() && !name.literal;
}

Result<void> parse_target(RequestHead& head, Scheme scheme) {
  if (head.raw_target.size() > kLongestTarget) {
    return base::fail(ErrorType::http_request_error, 414,
                      "The request target is longer than 16 KiB.");
  }
  if (head.fault) return std::unexpected(*head.fault);
  Target target;
  if (const char* why = read_target(head, scheme, target)) return refuse(why);
  head.target = target;
  if (!head.login.empty()) use_login(head);
  return {};
}

void follow_changed_target(RequestHead& head) {
  Target& target = head.target;
  const auto written =
      parse_authority(target.written_authority, default_port_of(target.scheme), head.arena());
  if (!written || written->host != target.host || written->port != target.port)
    target.written_authority = target.authority;
  drop_foreign_login(head);
}

}  // namespace weir::http
