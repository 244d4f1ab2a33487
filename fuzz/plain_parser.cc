#include "plain_parser.h"

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace weir::fuzz {
namespace {

using Outcome = Message::Outcome;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_tchar(char c) {
  return is_digit(c) || is_alpha(c) ||
         (c != 0 && std::string("!#$%&'*+-.^_`|~").find(c) != std::string::npos);
}

/// VCHAR, obs-text, SP and HTAB: the bytes of field values (RFC 9110, 5.5).
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

/// Takes one line that ends in CRLF from `input` at `at`. False if there is no such line (yet).
bool take_line(const std::string& input, size_t& at, std::string& line) {
  const size_t end = input.find("\r\n", at);
  if (end == std::string::npos) return false;
  line = input.substr(at, end - at);
  at = end + 2;
  return true;
}

enum class From { client, origin };

/// field-line = field-name ":" OWS field-value OWS (RFC 9112, 5), from a client.
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

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Takes one line from an origin, which ends in LF, with or without a CR before it.
bool take_any_line(const std::string& input, size_t& at, std::string& line, bool& by_feed) {
  const size_t feed = input.find('\n', at);
  if (feed == std::string::npos) return false;
  line = input.substr(at, feed - at);
  at = feed + 1;
  by_feed = line.empty() || line.back() != '\r';
  if (!by_feed) line.pop_back();
  return true;
}

/// The value with NUL and bare CR replaced by blanks, which mends any field.
std::string mend_value(std::string text, bool& mended) {
  for (char& c : text) {
    if (!is_field_byte(c)) mended = true;
    if (c == 0 || c == '\r') c = ' ';
  }
  return without_ows(text);
}

/// Other control characters may stay if Weir does not decide by the value.
bool may_stand(const std::pair<std::string, std::string>& field) {
  const std::string name = lower(field.first);
  if (name != "content-length" && name != "transfer-encoding" && name != "connection" &&
      name != "upgrade" && name != "www-authenticate") {
    return true;
  }
  for (const char c : field.second) {
    if (!is_field_byte(c)) return false;
  }
  return true;
}

/// The name without bytes that are not allowed in a name.
std::string only_tchars(const std::string& name) {
  std::string left;
  for (const char c : name) {
    if (is_tchar(c)) left += c;
  }
  return lower(left);
}

/// Field lines from an origin up to the empty one. `by_feed` says how the lines end, if that is
/// known.
Outcome read_mended_fields(const std::string& input, size_t& at, std::optional<bool> by_feed,
                           Message& message) {
  bool dropped = false;
  while (true) {
    std::string line;
    bool feed;
    if (!take_any_line(input, at, line, feed)) return Outcome::incomplete;
    if (!by_feed) by_feed = feed;
    if (feed) message.mended = true;
    if (feed != *by_feed) return Outcome::refused;
    if (line.empty()) return Outcome::accepted;
    if (line[0] == '\r') return Outcome::refused;
    if (is_blank(line[0])) {
      if (dropped) continue;
      if (message.fields.empty()) return Outcome::refused;
      message.mended = true;
      std::string& value = message.fields.back().second;
      const std::string more = mend_value(line, message.mended);
      if (!value.empty() && !more.empty()) value += ' ';
      value += more;
    } else {
      const size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      while (colon != std::string::npos && !name.empty() && is_blank(name.back())) name.pop_back();
      dropped = colon == std::string::npos || !is_token(name);
      if (dropped) {
        const std::string hidden = only_tchars(name);
        if (hidden == "content-length" || hidden == "transfer-encoding" || hidden == "connection") {
          return Outcome::refused;
        }
        message.mended = true;
        continue;
      }
      message.fields.emplace_back(name, mend_value(line.substr(colon + 1), message.mended));
    }
    if (!may_stand(message.fields.back())) return Outcome::refused;
  }
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
    // 8-bit bytes are not in the grammar, but pass unchanged.
    if (byte <= 0x20 || byte == 0x7f) return false;
  }
  if (version.size() != 8 || version.substr(0, 7) != "HTTP/1." || !is_digit(version[7]))
    return false;
  message.minor_version = version[7] == '0' ? 0 : 1;
  return true;
}

/// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112, 4). Many origins leave
/// out the last space with the reason. These are mended: any case, any version above 1.1, ICY,
/// blanks for a space, a status up to 999, and control characters in the reason.
bool read_status_line(const std::string& line, Message& message) {
  size_t at = 8;
  if (lower(line.substr(0, 4)) == "icy ") {
    message.mended = true;
    message.minor_version = 0;
    at = 3;
  } else {
    const std::string version = line.substr(0, 8);
    if (version.size() != 8 || lower(version.substr(0, 5)) != "http/") return false;
    if (!is_digit(version[5]) || version[5] == '0' || version[6] != '.' || !is_digit(version[7])) {
      return false;
    }
    message.minor_version = version[5] == '1' && version[7] == '0' ? 0 : 1;
    if (version.substr(0, 7) != "HTTP/1.") message.mended = true;
  }
  const size_t before = at;
  while (at < line.size() && is_blank(line[at])) ++at;
  if (at == before) return false;
  if (line.substr(before, at - before) != " ") message.mended = true;
  const std::string code = line.substr(at, 3);
  if (code.size() != 3 || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
    return false;
  message.status = std::atoi(code.c_str());
  if (message.status < 100) return false;
  const std::string rest = line.substr(at + 3);
  if (!rest.empty() && !is_blank(rest[0])) return false;
  message.reason = rest.empty() ? "" : rest.substr(1);
  for (char& c : message.reason) {
    if (is_field_byte(c)) continue;
    c = ' ';
    message.mended = true;
  }
  if (message.status > 599 || (!rest.empty() && rest[0] == '\t')) message.mended = true;
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

/// Checks that there is one transfer coding, that the message may have one, and that nothing else
/// gives its length.
bool check_coding(const Message& message) {
  const auto elements = elements_of(values_of(message, "transfer-encoding"));
  return values_of(message, "content-length").empty() && message.minor_version != 0 &&
         elements.size() == 1 && lower(elements[0]) == "chunked";
}

/// RFC 9112, 6.3, for a request. If the RFC allows repair or refusal, the request is refused.
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

void remove_all(Message& message, const std::string& name) {
  std::erase_if(message.fields, [&](const auto& field) { return lower(field.first) == name; });
}

/// The number that all elements of all Content-Lengths must be.
bool read_equal_lengths(const std::vector<std::string>& values, uint64_t& length) {
  bool first = true;
  for (const std::string& value : values) {
    std::string element;
    for (const char c : value + ",") {
      if (c != ',') {
        element += c;
        continue;
      }
      uint64_t number = 0;
      if (!read_length({without_ows(element)}, number) || number > INT64_MAX) return false;
      if (!first && number != length) return false;
      first = false;
      length = number;
      element.clear();
    }
  }
  return !first;
}

/// Leaves one Content-Length with that number, at the place of the first.
void set_length(Message& message, uint64_t length) {
  bool first = true;
  std::erase_if(message.fields, [&](auto& field) {
    if (lower(field.first) != "content-length") return false;
    if (!first) return true;
    first = false;
    if (field.second != std::to_string(length)) field.second = std::to_string(length);
    return false;
  });
}

/// RFC 9112, 6.3, for a response: a response without content has none, whatever its fields say, and
/// framing that can mean only one thing is mended.
bool read_response_framing(Message& message, const std::string& request_method, uint64_t& length) {
  const int status = message.status;
  const bool no_content = request_method == "HEAD" || status < 200 || status == 204 ||
                          status == 304 || (request_method == "CONNECT" && status < 300);
  const auto codings = values_of(message, "transfer-encoding");
  const auto lengths = values_of(message, "content-length");
  bool chunked = false;
  bool odd = false;
  if (!codings.empty()) {
    const std::string coding =
        codings.size() == 1 && message.minor_version > 0 ? lower(codings[0]) : "";
    chunked = coding == "chunked";
    if (!chunked && coding != "identity" && !no_content) return false;
    if (!chunked) {
      remove_all(message, "transfer-encoding");
      odd = true;
    }
  }
  if (chunked && !lengths.empty()) {
    remove_all(message, "content-length");
    odd = true;
  }
  const bool counts = !chunked && !lengths.empty();
  if (counts) {
    uint64_t plain = 0;
    if (!read_length(lengths, plain) || plain > INT64_MAX) odd = true;
    if (read_equal_lengths(lengths, length)) {
      if (odd) set_length(message, length);
    } else if (no_content) {
      remove_all(message, "content-length");
    } else {
      return false;
    }
  }
  if (odd) message.mended = true;
  if (no_content) length = 0;
  if (no_content)
    message.framing = "none";
  else if (chunked)
    message.framing = "chunked";
  else if (counts)
    message.framing = "length " + std::to_string(length);
  else
    message.framing = status == 205 ? "none" : "close";
  return true;
}

/// Host: exactly one in HTTP/1.1, at most one in HTTP/1.0 (RFC 9112, 3.2); no userinfo and no path
/// in it.
bool check_host(const Message& message) {
  const auto hosts = values_of(message, "host");
  if (hosts.size() > 1) return false;
  if (hosts.empty()) return message.minor_version == 0;
  return hosts[0].find_first_of("@/\\?# \t,%") == std::string::npos;
}

std::string base64_of(const std::string& bytes) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits, out;
  for (const char c : bytes) {
    for (int i = 7; i >= 0; --i) bits += (static_cast<unsigned char>(c) >> i & 1) ? '1' : '0';
  }
  while (bits.size() % 6 != 0) bits += '0';
  for (size_t i = 0; i < bits.size(); i += 6)
    out += digits[std::stoul(bits.substr(i, 6), nullptr, 2)];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

/// userinfo (RFC 3986, 3.2.1) as a Basic login: false if it is none, or can't be one.
bool read_userinfo(const std::string& userinfo, std::string& login) {
  const size_t colon = userinfo.find(':');
  login.clear();
  for (size_t i = 0; i < userinfo.size(); ++i) {
    char c = userinfo[i];
    const bool encoded = c == '%';
    if (encoded) {
      if (userinfo.size() - i < 3 || !is_hex(userinfo[i + 1]) || !is_hex(userinfo[i + 2]))
        return false;
      c = static_cast<char>(std::stoi(userinfo.substr(i + 1, 2), nullptr, 16));
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f || (c == ':' && i < colon)) return false;
      i += 2;
    } else if (!is_digit(c) && lower(std::string(1, c)) == std::string(1, c) &&
               !(c >= 'a' && c <= 'z') &&
               std::string("-._~!$&'()*+,;=:").find(c) == std::string::npos) {
      return false;
    }
    login += c;
  }
  if (colon == std::string::npos) login += ':';
  login = "Basic " + base64_of(login);
  return true;
}

/// Removes parts that the grammar does not allow: a fragment after the path or query, a name and
/// password before the host.
bool mend_target(Message& message) {
  std::string& target = message.target;
  const size_t scheme_end = target.find("://");
  const std::string scheme =
      scheme_end == std::string::npos ? "" : lower(target.substr(0, scheme_end));
  if (target[0] == '/') {
    target = target.substr(0, target.find('#'));
    return true;
  }
  if (message.method == "CONNECT" || (scheme != "http" && scheme != "https")) return true;
  const size_t begin = scheme_end + 3;
  const size_t end = std::min(target.find_first_of("/?", begin), target.size());
  if (const size_t fragment = target.find('#', end); fragment != std::string::npos)
    target = target.substr(0, fragment);
  const size_t at = target.substr(0, end).find('@', begin);
  if (at == std::string::npos) return true;
  std::string login;
  if (!read_userinfo(target.substr(begin, at - begin), login)) return false;
  if (at > begin && values_of(message, "authorization").empty())
    message.fields.emplace_back("Authorization", login);
  target.erase(begin, at + 1 - begin);
  return true;
}

/// An Expect of a request without content is not passed on (RFC 9110, 10.1.1).
void drop_idle_expect(Message& message) {
  if (message.framing != "none" && message.framing != "length 0") return;
  bool expects = false;
  for (const std::string& element : elements_of(values_of(message, "expect")))
    expects = expects || lower(element) == "100-continue";
  if (expects)
    std::erase_if(message.fields, [](const auto& field) { return lower(field.first) == "expect"; });
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
    authority = authority.substr(0, authority.find_first_of("/?"));
  }
  return !authority.empty() && authority[0] != ':' &&
         authority.find_first_of("@/\\?#,%") == std::string::npos;
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
        if (at < text.size() && text[at] == '\\')
          ++at;
        else if (at < text.size() && text[at] == '"')
          break;
        if (at >= text.size() || !is_field_byte(text[at++])) return false;
      }
      ++at;
    } else if (!token()) {
      return false;
    }
  }
  return true;
}

/// chunk-size [ chunk-ext ] CRLF. An origin's may end in LF alone, or have blanks after its size,
/// if there is no extension.
Outcome read_size(const std::string& input, From from, size_t& at, uint64_t& size, bool& by_feed,
                  bool& mended) {
  size_t digits = at;
  while (digits < input.size() && is_hex(input[digits])) ++digits;
  const std::string number = input.substr(at, digits - at);
  size_t blanks = digits;
  while (blanks < input.size() && is_blank(input[blanks])) ++blanks;
  by_feed = from == From::origin && input.substr(blanks, 1) == "\n";
  if (from == From::origin && (by_feed || input.substr(blanks, 2) == "\r\n")) {
    at = blanks + (by_feed ? 1 : 2);
    if (by_feed || blanks > digits) mended = true;
  } else {
    std::string line;
    if (!take_line(input, at, line)) return Outcome::incomplete;
    if (!check_extensions(line.substr(number.size()))) return Outcome::refused;
  }
  if (number.empty() || number.size() > 16) return Outcome::refused;
  size = std::strtoull(number.c_str(), nullptr, 16);
  return Outcome::accepted;
}

/// trailer-section CRLF. The fields are checked and dropped.
Outcome read_trailers(const std::string& input, From from, size_t& at, bool& mended) {
  if (from == From::origin) {
    Message trailers;
    const Outcome outcome = read_mended_fields(input, at, std::nullopt, trailers);
    if (trailers.mended) mended = true;
    return outcome;
  }
  while (true) {
    std::string line;
    if (!take_line(input, at, line)) return Outcome::incomplete;
    if (line.empty()) return Outcome::accepted;
    std::pair<std::string, std::string> field;
    if (!read_field_line(line, field)) return Outcome::refused;
  }
}

/// chunked-body (RFC 9112, 7.1).
Outcome read_chunked(const std::string& input, From from, size_t& at, Message& message) {
  while (true) {
    uint64_t size = 0;
    bool by_feed = false;
    const Outcome line = read_size(input, from, at, size, by_feed, message.mended);
    if (line != Outcome::accepted) return line;
    if (size == 0) return read_trailers(input, from, at, message.mended);
    if (size > input.size() - at) {
      message.content += input.substr(at);
      return Outcome::incomplete;
    }
    message.content += input.substr(at, size);
    at += size;
    if (by_feed && input.substr(at, 1) == "\n") {
      ++at;
      continue;
    }
    if (input.size() - at < 2) return Outcome::incomplete;
    if (input.substr(at, 2) != "\r\n") return Outcome::refused;
    at += 2;
  }
}

/// Field lines from a client up to the empty one.
Outcome read_fields(const std::string& input, size_t& at, Message& message) {
  while (true) {
    std::string line;
    if (!take_line(input, at, line)) return Outcome::incomplete;
    if (line.empty()) return Outcome::accepted;
    std::pair<std::string, std::string> field;
    if (!read_field_line(line, field)) return Outcome::refused;
    message.fields.push_back(field);
  }
}

/// Reads the content after the head at `at`, by its framing.
void read_content(const std::string& input, From from, size_t at, uint64_t length,
                  Message& message) {
  if (message.framing == "chunked") {
    message.outcome = read_chunked(input, from, at, message);
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
  message.outcome =
      read_request_line(line, message) ? read_fields(input, at, message) : Outcome::refused;
  if (message.outcome != Outcome::accepted) return message;
  uint64_t length = 0;
  if (!read_request_framing(message, length) || !check_host(message) || !mend_target(message) ||
      !check_target(message)) {
    message.outcome = Outcome::refused;
    return message;
  }
  drop_idle_expect(message);
  message.head_done = true;
  read_content(input, From::client, at, length, message);
  return message;
}

Message plain_response(const std::string& input, const std::string& request_method) {
  Message message;
  size_t at = 0;
  if (input.substr(0, 1) == "\n")
    at = 1;
  else if (input.substr(0, 2) == "\r\n")
    at = 2;
  else
    while (at < input.size() && is_blank(input[at])) ++at;
  if (at > 0) message.mended = true;
  std::string line;
  bool by_feed;
  if (!take_any_line(input, at, line, by_feed)) return message;
  if (by_feed) message.mended = true;
  message.outcome = Outcome::refused;
  if (read_status_line(line, message))
    message.outcome = read_mended_fields(input, at, by_feed, message);
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
