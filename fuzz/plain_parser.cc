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

enum class From { client, origin };

/// field-line = field-name ":" OWS field-value OWS (RFC 9112, 5). Blanks before the colon: refused of a client, removed of an origin (5.1).
bool read_field_line(const std::string& line, From from, std::pair<std::string, std::string>& field) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return false;
  field.first = line.substr(0, colon);
  while (from == From::origin && !field.first.empty() && (field.first.back() == ' ' || field.first.back() == '\t')) field.first.pop_back();
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

/// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112, 4). Many origins leave out the last space with the reason;
/// it can be read in one way only.
bool read_status_line(const std::string& line, Message& message) {
  const std::string version = line.substr(0, 8);
  if (version.size() != 8 || version.substr(0, 7) != "HTTP/1." || !is_digit(version[7])) return false;
  message.minor_version = version[7] == '0' ? 0 : 1;
  const std::string code = line.substr(8, 4);
  if (code.size() != 4 || code[0] != ' ' || !is_digit(code[1]) || !is_digit(code[2]) || !is_digit(code[3])) return false;
  message.status = std::atoi(code.c_str() + 1);
  if (message.status < 100 || message.status > 599) return false;
  const std::string rest = line.substr(12);
  if (!rest.empty() && rest[0] != ' ') return false;
  message.reason = rest.empty() ? "" : rest.substr(1);
  for (const char c : message.reason) {
    if (!is_field_byte(c)) return false;
  }
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

/// The one Content-Length, a decimal number.
bool read_length(const std::vector<std::string>& values, uint64_t& length) {
  if (values.size() != 1 || values[0].empty()) return false;
  for (const char c : values[0]) {
    if (!is_digit(c) || length > (UINT64_MAX - 9) / 10) return false;
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

/// The one transfer coding, in a message that may have one, and whose length is said in no other way.
bool check_coding(const Message& message) {
  const auto elements = elements_of(values_of(message, "transfer-encoding"));
  return values_of(message, "content-length").empty() && message.minor_version != 0 && elements.size() == 1 && lower(elements[0]) == "chunked";
}

/// RFC 9112, 6.3, for a request. Where the RFC leaves a choice between repair and refusal, it is refused.
bool read_request_framing(Message& message, uint64_t& length) {
  const auto lengths = values_of(message, "content-length");
  message.framing = "none";
  if (!values_of(message, "transfer-encoding").empty()) {
    message.framing = "chunked";
    return check_coding(message) && message.method != "CONNECT";
  }
  if (lengths.empty()) return true;
  if (!read_length(lengths, length)) return false;
  if (message.method == "CONNECT") return length == 0;
  message.framing = "length " + std::to_string(length);
  return true;
}

/// The same for a response.
bool read_response_framing(Message& message, const std::string& request_method, uint64_t& length) {
  const int status = message.status;
  message.framing = "none";
  if (request_method == "HEAD" || status < 200 || status == 204 || status == 304) return true;
  if (request_method == "CONNECT" && status < 300) return true;
  if (!values_of(message, "transfer-encoding").empty()) {
    message.framing = "chunked";
    return check_coding(message);
  }
  const auto lengths = values_of(message, "content-length");
  if (lengths.empty()) {
    message.framing = "close";
    return true;
  }
  if (!read_length(lengths, length)) return false;
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
Outcome read_chunked(const std::string& input, From from, size_t& at, std::string& content) {
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
    if (!read_field_line(line, from, field)) return Outcome::refused;
  }
}

/// Field lines up to the empty one.
Outcome read_fields(const std::string& input, From from, size_t& at, Message& message) {
  while (true) {
    std::string line;
    if (!take_line(input, at, line)) return Outcome::incomplete;
    if (line.empty()) return Outcome::accepted;
    std::pair<std::string, std::string> field;
    if (!read_field_line(line, from, field)) return Outcome::refused;
    message.fields.push_back(field);
  }
}

/// What follows the head at `at`, by the framing that was read.
void read_content(const std::string& input, From from, size_t at, uint64_t length, Message& message) {
  if (message.framing == "chunked") {
    message.outcome = read_chunked(input, from, at, message.content);
  } else if (message.framing == "close") {
    message.content = input.substr(at);
    message.outcome = Outcome::incomplete;
  } else {
    message.content = input.substr(at, length);
    message.outcome = message.content.size() == length ? Outcome::accepted : Outcome::incomplete;
    at += message.content.size();
  }
  if (message.outcome == Outcome::accepted) message.consumed = at;
}

}  // namespace

Message plain_request(const std::string& input) {
  Message message;
  size_t at = input.substr(0, 2) == "\r\n" ? 2 : 0;  // RFC 9112, 2.2.
  std::string line;
  if (!take_line(input, at, line)) return message;
  message.outcome = read_request_line(line, message) ? read_fields(input, From::client, at, message) : Outcome::refused;
  if (message.outcome != Outcome::accepted) return message;
  uint64_t length = 0;
  if (!read_request_framing(message, length) || !check_host(message) || !check_target(message)) {
    message.outcome = Outcome::refused;
    return message;
  }
  message.head_done = true;
  read_content(input, From::client, at, length, message);
  return message;
}

Message plain_response(const std::string& input, const std::string& request_method) {
  Message message;
  size_t at = 0;
  std::string line;
  if (!take_line(input, at, line)) return message;
  message.outcome = read_status_line(line, message) ? read_fields(input, From::origin, at, message) : Outcome::refused;
  if (message.outcome != Outcome::accepted) return message;
  uint64_t length = 0;
  if (!read_response_framing(message, request_method, length)) {
    message.outcome = Outcome::refused;
    return message;
  }
  message.head_done = true;
  read_content(input, From::origin, at, length, message);
  return message;
}

}  // namespace weir::fuzz
