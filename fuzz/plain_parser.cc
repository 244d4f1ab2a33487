#include "plain_parser.h"

#include <cstdint>
#include <cstdlib>

namespace weir::fuzz {
namespace {

using Outcome = Message::Outcome;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_tchar(char c) { return is_digit(c) || is_alpha(c) || (c != 0 && std::string("!#$%&'*+-.^_`|~").find(c) != std::string::npos); }

/// VCHAR, obs-text, SP and HTAB: what field values are made of (RFC 9110, 5.5).
bool is_field_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_token(const std::string& text) {
  for (const char c : text) {
    if (!is_tchar(c)) return false;
  }
  return !text.empty();
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

std::string without_ows(std::string text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  return text;
}

/// Takes one line that ends in CRLF from `input` at `at`. False: there is no such line (yet).
bool take_line(const std::string& input, size_t& at, std::string& line) {
  const size_t end = input.find("\r\n", at);
  if (end == std::string::npos) return false;
  line = input.substr(at, end - at);
  at = end + 2;
  return true;
}

/// field-line = field-name ":" OWS field-value OWS (RFC 9112, 5).
bool read_field_line(const std::string& line, std::pair<std::string, std::string>& field) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return false;
  field.first = line.substr(0, colon);
  field.second = without_ows(line.substr(colon + 1));
  if (!is_token(field.first)) return false;
  for (const char c : field.second) {
    if (!is_field_byte(c)) return false;
  }
  return true;
}

/// request-line = method SP request-target SP HTTP-version (RFC 9112, 3).
bool read_request_line(const std::string& line, Message& message) {
  const size_t first = line.find(' ');
  if (first == std::string::npos) return false;
  const size_t second = line.find(' ', first + 1);
  if (second == std::string::npos) return false;
  message.method = line.substr(0, first);
  message.target = line.substr(first + 1, second - first - 1);
  const std::string version = line.substr(second + 1);
  if (!is_token(message.method) || message.target.empty()) return false;
  for (const char c : message.target) {
    const auto byte = static_cast<unsigned char>(c);
    // 8-bit bytes are no part of the grammar, but pass as they came.
    if (byte <= 0x20 || byte == 0x7f || c == '#') return false;
  }
  if (version.size() != 8 || version.substr(0, 7) != "HTTP/1." || !is_digit(version[7])) return false;
  message.minor_version = version[7] == '0' ? 0 : 1;
  return true;
}

/// The values of all lines of one name (small letters).
std::vector<std::string> values_of(const Message& message, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [field, value] : message.fields) {
    if (lower(field) == name) values.push_back(value);
  }
  return values;
}

/// The elements of a list (RFC 9110, 5.6.1), empty ones left out.
std::vector<std::string> elements_of(const std::vector<std::string>& values) {
  std::vector<std::string> elements;
  for (const std::string& value : values) {
    std::string element;
    for (const char c : value + ",") {
      if (c != ',') {
        element += c;
        continue;
      }
      element = without_ows(element);
      if (!element.empty()) elements.push_back(element);
      element.clear();
    }
  }
  return elements;
}

/// RFC 9112, 6.3, for a request. Where the RFC leaves a choice between repair and refusal, it is refused.
bool read_framing(Message& message, uint64_t& length) {
  const auto lengths = values_of(message, "content-length");
  const auto codings = values_of(message, "transfer-encoding");
  message.framing = "none";
  if (!codings.empty()) {
    const auto elements = elements_of(codings);
    if (!lengths.empty() || message.minor_version == 0) return false;
    if (elements.size() != 1 || lower(elements[0]) != "chunked") return false;
    if (message.method == "CONNECT") return false;
    message.framing = "chunked";
    return true;
  }
  if (lengths.empty()) return true;
  if (lengths.size() > 1 || lengths[0].empty()) return false;
  for (const char c : lengths[0]) {
    if (!is_digit(c) || length > (UINT64_MAX - 9) / 10) return false;
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  if (message.method == "CONNECT") return length == 0;
  message.framing = "length " + std::to_string(length);
  return true;
}

/// Host: exactly one in HTTP/1.1, at most one in HTTP/1.0 (RFC 9112, 3.2); no userinfo and no path in it.
bool check_host(const Message& message) {
  const auto hosts = values_of(message, "host");
  if (hosts.size() > 1) return false;
  if (hosts.empty()) return message.minor_version == 0;
  return hosts[0].find_first_of("@/\\?# \t,%") == std::string::npos;
}

/// The four forms of a target (RFC 9112, 3.2), the authority without userinfo.
bool check_target(const Message& message) {
  const std::string& target = message.target;
  std::string authority;
  if (message.method == "CONNECT") {
    authority = target;
    const size_t colon = target.rfind(':');
    if (colon == std::string::npos || colon + 1 == target.size()) return false;
    for (const char c : target.substr(colon + 1)) {
      if (!is_digit(c)) return false;
    }
  } else if (target[0] == '/') {
    return true;
  } else if (target == "*") {
    return message.method == "OPTIONS";
  } else {
    const std::string scheme = lower(target.substr(0, target.find(':')));
    if (scheme != "http" && scheme != "https") return false;
    if (target.substr(scheme.size(), 3) != "://") return false;
    authority = target.substr(scheme.size() + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
  }
  return !authority.empty() && authority[0] != ':' && authority.find_first_of("@/\\?#,%") == std::string::npos;
}

/// chunk-ext (RFC 9112, 7.1.1): *( BWS ";" BWS name [ BWS "=" BWS value ] ).
bool check_extensions(const std::string& text) {
  size_t at = 0;
  const auto blanks = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  };
  const auto token = [&] {
    const size_t from = at;
    while (at < text.size() && is_tchar(text[at])) ++at;
    return at > from;
  };
  while (at < text.size()) {
    blanks();
    if (at == text.size() || text[at++] != ';') return false;
    blanks();
    if (!token()) return false;
    const size_t name_end = at;
    blanks();
    if (at == text.size() || text[at] != '=') {
      at = name_end;
      continue;
    }
    ++at;
    blanks();
    if (at < text.size() && text[at] == '"') {
      ++at;
      while (true) {
        if (at < text.size() && text[at] == '\\') ++at;
        else if (at < text.size() && text[at] == '"') break;
        if (at >= text.size() || !is_field_byte(text[at++])) return false;
      }
      ++at;
    } else if (!token()) {
      return false;
    }
  }
  return true;
}

/// chunked-body (RFC 9112, 7.1). Trailers are checked and dropped.
Outcome read_chunked(const std::string& input, size_t& at, std::string& content) {
  while (true) {
    std::string line;
    if (!take_line(input, at, line)) {
      return Outcome::incomplete;
    }
    size_t digits = 0;
    while (digits < line.size() && is_hex(line[digits])) ++digits;
    if (digits == 0 || digits > 16 || !check_extensions(line.substr(digits))) return Outcome::refused;
    const uint64_t size = std::strtoull(line.substr(0, digits).c_str(), nullptr, 16);
    if (size == 0) break;
    if (size > input.size() - at) {
      content += input.substr(at);
      return Outcome::incomplete;
    }
    content += input.substr(at, size);
    at += size;
    if (input.size() - at < 2) return Outcome::incomplete;
    if (input.substr(at, 2) != "\r\n") return Outcome::refused;
    at += 2;
  }
  while (true) {
    std::string line;
    if (!take_line(input, at, line)) return Outcome::incomplete;
    if (line.empty()) return Outcome::accepted;
    std::pair<std::string, std::string> field;
    if (!read_field_line(line, field)) return Outcome::refused;
  }
}

}  // namespace

Message plain_request(const std::string& input) {
  Message message;
  const auto refused = [&] {
    message.outcome = Outcome::refused;
    return message;
  };
  size_t at = input.substr(0, 2) == "\r\n" ? 2 : 0;  // RFC 9112, 2.2.
  std::string line;
  if (!take_line(input, at, line)) return message;
  if (!read_request_line(line, message)) return refused();
  while (true) {
    if (!take_line(input, at, line)) return message;
    if (line.empty()) break;
    std::pair<std::string, std::string> field;
    if (!read_field_line(line, field)) return refused();
    message.fields.push_back(field);
  }
  uint64_t length = 0;
  if (!read_framing(message, length) || !check_host(message) || !check_target(message)) return refused();
  message.head_done = true;
  if (message.framing == "chunked") {
    message.outcome = read_chunked(input, at, message.content);
  } else {
    message.content = input.substr(at, length);
    message.outcome = message.content.size() == length ? Outcome::accepted : Outcome::incomplete;
    at += message.content.size();
  }
  if (message.outcome == Outcome::accepted) message.consumed = at;
  return message;
}

}  // namespace weir::fuzz
