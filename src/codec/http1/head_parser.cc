#include "codec/http1/head_parser.h"

#include <cstring>

#include "http/chars.h"
#include "http/target_parse.h"
#include "http/userinfo.h"

namespace weir::http1 {

using base::ErrorType;
using base::Result;
using http::Method;

namespace {

constexpr size_t kLongestMethod = 64;
/// Method, target, version, two spaces and CRLF.
constexpr size_t kLongestRequestLine = kLongestMethod + http::kLongestTarget + 12;

/// Copies a line to where it lives as long as the head.
const char* lasting(const Line& line, http::Arena& arena) {
  return line.lasting ? line.begin : arena.copy(line.view()).data();
}

/// Copies `size` bytes into the arena, without calling memcpy if [from, end) is long enough to copy
/// sixteen bytes at a time.
const char* copy_near(const char* from, size_t size, [[maybe_unused]] const char* end,
                      http::Arena& arena) {
#ifdef __SSE2__
  const size_t whole = (size + 15) & ~size_t{15};
  if (static_cast<size_t>(end - from) >= whole && whole <= 256) {
    char* to = arena.allocate(whole);
    for (size_t i = 0; i < whole; i += 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
    }
    return to;
  }
#endif
  char* to = arena.allocate(size);
  std::memcpy(to, from, size);
  return to;
}

struct ReadVersion {
  enum class Kind : uint8_t { http1, other, malformed } kind;
  http::Version version = http::Version::http_1_1;
};

/// `HTTP/D.D`, to the letter (RFC 9112, 2.3). A minor version above 1 is treated as 1 (RFC
/// 9110, 2.5).
ReadVersion read_version(std::string_view text) {
  if (text == "HTTP/1.1") return {ReadVersion::Kind::http1};
  if (text.size() != 8 || !text.starts_with("HTTP/") || text[5] < '0' || text[5] > '9' ||
      text[6] != '.' || text[7] < '0' || text[7] > '9') {
    return {ReadVersion::Kind::malformed};
  }
  if (text[5] != '1') return {ReadVersion::Kind::other};
  return {ReadVersion::Kind::http1,
          text[7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1};
}

/// The first control in a line that has not ended, or null. A carriage return at its end does not
/// count, since it may be the line's end. The last `fresh` bytes are new.
const char* control_so_far(std::string_view line, size_t fresh) {
  const size_t looked_at = line.size() - fresh;
  const char* const end = line.data() + line.size();
  const char* const control =
      http::find_control(line.data() + (looked_at > 0 ? looked_at - 1 : 0), end);
  if (control == end || (*control == '\r' && control + 1 == end)) return nullptr;
  return control;
}

/// True if `text` is `HTTP/D.D` as far as it has come; a carriage return may follow.
bool may_become_version(std::string_view text) {
  constexpr std::string_view kForm = "HTTP/0.0\r";
  if (text.size() > kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  }
  return true;
}

/// Checks what follows the method, in the order in which it comes, so that the fault found is the
/// same whether the line is complete or not.
Result<void> check_target_and_version(std::string_view rest) {
  const auto refuse = [](const char* why) { return std::unexpected(malformed(Side::client, why)); };
  const size_t space = rest.find(' ');
  const std::string_view target = rest.substr(0, space);
  if (target.find('\t') != std::string_view::npos) return refuse("The request line has a tab.");
  if (space == std::string_view::npos) return {};
  if (target.empty()) return refuse("The request line has more than one space after the method.");
  if (target.size() > http::kLongestTarget) {
    return base::fail(ErrorType::http_request_error, 414,
                      "The request target is longer than 16 KiB.");
  }
  const std::string_view version = rest.substr(space + 1);
  if (version.find(' ') != std::string_view::npos)
    return refuse("The request line has more than two spaces.");
  if (!may_become_version(version))
    return refuse("The request line does not end in a version such as HTTP/1.1.");
  return {};
}

/// The method's size (up to its space, or as far as it has come), or what is wrong with it.
Result<size_t> check_method(std::string_view line) {
  const size_t size = static_cast<size_t>(
      http::find_token_end(line.data(), line.data() + line.size()) - line.data());
  if (size > kLongestMethod) {
    return base::fail(ErrorType::http_request_error, 501,
                      "The request's method is longer than any that is known.");
  }
  if (size == line.size()) return size;
  const auto refuse = [](const char* why) { return std::unexpected(malformed(Side::client, why)); };
  if (line[size] == ' ' && size > 0) return size;
  if (line[0] == 0x16) {
    return refuse(
        "This is a TLS handshake on a port that speaks plain HTTP: the proxy's address needs "
        "http://, not https://.");
  }
  if (line[0] == 4 || line[0] == 5) return refuse("This looks like SOCKS; this port speaks HTTP.");
  if (size == 0) return refuse("The request does not begin with a method.");
  if (line[size] == '\r' || line[size] == '\n')
    return refuse("The request line has only a method.");
  return refuse("The request's method has a character that methods do not have.");
}

}  // namespace

base::Error HeadParser::too_large(const char* why) const {
  return side_ == Side::client ? base::Error(ErrorType::http_request_error, 431, why)
                               : base::Error(ErrorType::http_response_header_section_size, why);
}

void HeadParser::restart() {
  lines_.reset();
  seen_ = {};
  framing_ = {};
  size_ = 0;
  state_ = State::before;
  keep_alive_ = false;
}

/// Takes lines that lie in the input whole and without a flaw: nearly all do. The first other line
/// is left to LineCutter, which cuts it out, or keeps what has come of it.
bool HeadParser::take_clean_lines(const char*& from, const char* end, http::Head& head) {
  if (!lines_.kept().empty()) return from < end;
  const char* at = from;
  const char* const first = at;
  const size_t room = limits_.bytes - size_;
  while (end - at >= 2) {
    if (at[0] == '\r') {
      if (at[1] == '\n' && static_cast<size_t>(at + 2 - first) <= room) {
        at += 2;
        state_ = State::done;
      }
      break;
    }
    const char* const colon = http::find_token_end(at, end);
    if (colon == at || colon == end || *colon != ':') break;
    const char* value = colon + 1;
    const char* const stop = http::find_control(value, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') break;
    // The CR at `stop` ends the first loop below, and the colon before the value ends the second.
    if (*value == ' ') ++value;
    while (*value == ' ' || *value == '\t') ++value;
    if (static_cast<size_t>(stop + 2 - first) > room || head.fields.size() >= limits_.fields) break;
    const char* value_end = stop;
    while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    const char* const copy = copy_near(at, static_cast<size_t>(value_end - at), end, head.arena());
    const std::string_view name{copy, static_cast<size_t>(colon - at)};
    const std::string_view text{copy + (value - at), static_cast<size_t>(value_end - value)};
    const http::FieldId id = http::field_id_of(name);
    head.fields.add_in_place(name, text, id);
    seen_.see(id, text);
    at = stop + 2;
  }
  size_ += static_cast<uint32_t>(at - first);
  from = at;
  return at < end && !done();
}

Result<void> RequestParser::check_field_so_far(std::string_view line, size_t fresh) const {
  const auto refuse = [](const char* why) { return std::unexpected(malformed(Side::client, why)); };
  if (const char* control = control_so_far(line, fresh)) return refuse(control_fault(*control));
  const char* const begin = line.data();
  const char* const end = begin + line.size();
  const char* const first_fresh = end - fresh;
  if (first_fresh > begin && std::memchr(begin, ':', line.size() - fresh)) return {};
  const char* const stop = http::find_token_end(first_fresh, end);
  if (stop == end || (*stop == ':' && stop > begin) || (*stop == '\r' && stop == begin)) return {};
  return refuse(*begin == ' ' || *begin == '\t'
                    ? "A field line is folded (it begins with a blank)."
                    : "A field line does not begin with a name and a colon.");
}

Result<void> RequestParser::feed_field_line(const char*& at, const char* end, http::Head& head) {
  const size_t before = lines_.kept().size();
  const char* const from = at;
  const size_t room = limits_.bytes - (size_ - before);
  Line line;
  const auto got = lines_.next(at, end, room, head.arena(), line);
  size_ += static_cast<uint32_t>(at - from);
  switch (got) {
    case LineCutter::Got::line: break;
    case LineCutter::Got::more:
      return check_field_so_far(lines_.kept(), static_cast<size_t>(at - from));
    case LineCutter::Got::fault: return std::unexpected(malformed(side_, lines_.fault()));
    case LineCutter::Got::too_long: {
      // A fault in the line counts first: it was there before the line became too long.
      const std::string_view begun = line.view().substr(0, room);
      CHECK_OK(check_field_so_far(begun, begun.size()));
      return std::unexpected(too_large("The message's head is too large."));
    }
  }
  if (line.empty()) {
    state_ = State::done;
    return {};
  }
  FieldLine field;
  if (const char* why = read_field_line(line, head.arena(), field)) {
    return std::unexpected(malformed(side_, why));
  }
  if (head.fields.size() >= limits_.fields) {
    return std::unexpected(too_large("The message's head has too many fields."));
  }
  head.fields.add_in_place(field.name, field.value, field.id);
  seen_.see(field.id, field.value);
  return {};
}

void RequestParser::reset() {
  restart();
  head_ = nullptr;
  expects_continue_ = false;
}

Result<size_t> RequestParser::feed(std::string_view in) {
  const char* at = in.data();
  const char* const end = at + in.size();
  if (state_ < State::fields) {
    CHECK_OK(feed_request_line(at, end));
  }
  if (state_ == State::fields) {
    while (!done() && take_clean_lines(at, end, *head_)) CHECK_OK(feed_field_line(at, end, *head_));
    if (done()) CHECK_OK(finish());
  }
  return static_cast<size_t>(at - in.data());
}

Result<void> RequestParser::feed_request_line(const char*& at, const char* end) {
  if (at < end && state_ == State::before) {
    // RFC 9112, 2.2: one empty line is forgiven, which old clients send after a POST.
    state_ = *at == '\r' ? State::after_cr : State::first_line;
    at += *at == '\r';
  }
  if (at < end && state_ == State::after_cr) {
    if (*at != '\n') return std::unexpected(malformed(Side::client, control_fault('\r')));
    ++at;
    state_ = State::first_line;
  }
  if (at == end) return {};
  if (!head_) head_ = http::RequestHead::make();
  if (lines_.kept().empty() && take_clean_request_line(at, end)) return {};
  const size_t limit = std::min<size_t>(kLongestRequestLine, limits_.bytes);
  const char* const from = at;
  Line line;
  const auto got = lines_.next(at, end, limit, head_->arena(), line);
  size_ += static_cast<uint32_t>(at - from);
  // Check the method first, and as it comes, so that a client of another protocol learns it at
  // once, and not after a time-out.
  TRY(const size_t method_size,
      check_method(got == LineCutter::Got::more ? lines_.kept().substr(0, kLongestMethod + 1)
                                                : line.view()));
  switch (got) {
    case LineCutter::Got::line: return read_request_line(line, method_size);
    case LineCutter::Got::more:
      return check_request_line_so_far(lines_.kept(), static_cast<size_t>(at - from), method_size);
    case LineCutter::Got::fault:
      // A fault before this one counts first, as it does if the line comes in pieces.
      CHECK_OK(check_request_line_so_far(line.view(), line.view().size(), method_size));
      return std::unexpected(malformed(Side::client, lines_.fault()));
    case LineCutter::Got::too_long: {
      const std::string_view begun = line.view().substr(0, limit);
      CHECK_OK(check_request_line_so_far(begun, begun.size(), method_size));
    }
  }
  return base::fail(ErrorType::http_request_error, 414, "The request line is too long.");
}

/// Takes a request line that is whole, without a flaw, of HTTP/1.1, and without an '@': nearly all
/// are. Any other is left to LineCutter and read_request_line.
bool RequestParser::take_clean_request_line(const char*& at, const char* end) {
  constexpr std::string_view kRest = "HTTP/1.1\r\n";
  const char* const method_end = http::find_token_end(at, end);
  const auto method_size = static_cast<size_t>(method_end - at);
  if (method_size == 0 || method_size > kLongestMethod || method_end == end || *method_end != ' ')
    return false;
  const char* const target = method_end + 1;
  const char* const target_end = http::find_plain_target_end(target, end);
  const auto target_size = static_cast<size_t>(target_end - target);
  if (target_size == 0 || target_size > http::kLongestTarget ||
      static_cast<size_t>(end - target_end) <= kRest.size())
    return false;
  if (*target_end != ' ' || std::memcmp(target_end + 1, kRest.data(), kRest.size()) != 0)
    return false;
  const size_t size = method_size + target_size + 2 + kRest.size();
  if (size > limits_.bytes) return false;
  const char* const copy = copy_near(at, method_size + 1 + target_size, end, head_->arena());
  head_->method_token = {copy, method_size};
  head_->method = http::method_of(head_->method_token);
  head_->raw_target = {copy + method_size + 1, target_size};
  at += size;
  size_ = static_cast<uint32_t>(size);
  state_ = State::fields;
  return true;
}

Result<void> RequestParser::check_request_line_so_far(std::string_view line, size_t fresh,
                                                      size_t method_size) const {
  const char* const control = control_so_far(line, fresh);
  const std::string_view sound =
      line.substr(0, control ? static_cast<size_t>(control - line.data()) : line.size());
  if (method_size < sound.size()) CHECK_OK(check_target_and_version(sound.substr(method_size + 1)));
  if (control) return std::unexpected(malformed(Side::client, control_fault(*control)));
  return {};
}

Result<void> RequestParser::read_request_line(const Line& line, size_t method_size) {
  const auto refuse = [](const char* why) { return std::unexpected(malformed(Side::client, why)); };
  const std::string_view text{lasting(line, head_->arena()), line.view().size()};
  head_->method_token = text.substr(0, method_size);
  head_->method = http::method_of(head_->method_token);
  if (method_size == text.size())
    return refuse(text.empty() ? "There is more than one empty line before the request."
                               : "The request line has only a method.");
  const std::string_view rest = text.substr(method_size + 1);
  const size_t space = rest.find(' ');
  if (space == std::string_view::npos)
    return refuse("The request line has no version (HTTP/0.9 is not spoken here).");
  const std::string_view target = rest.substr(0, space);
  const std::string_view version_text = rest.substr(space + 1);
  // If a target has blanks and an '@' after them, a part of a password may stand before the blanks:
  // then nothing of the target is shown.
  if (version_text.find('@') == std::string_view::npos) http::set_raw_target(*head_, target);
  CHECK_OK(check_target_and_version(rest));
  const ReadVersion read = read_version(version_text);
  if (read.kind == ReadVersion::Kind::malformed)
    return refuse("The request line does not end in a version such as HTTP/1.1.");
  if (read.kind == ReadVersion::Kind::other) {
    return base::fail(ErrorType::http_request_error, 505, "The request's version is not HTTP/1.");
  }
  head_->version = read.version;
  state_ = State::fields;
  return {};
}

Result<void> RequestParser::finish() {
  TRY(framing_, seen_.of_request(head_->method, head_->version));
  if (head_->version >= http::Version::http_1_1) {
    if (seen_.expects_unknown()) {
      return base::fail(ErrorType::http_request_error, 417,
                        "Expect asks for something other than 100-continue.");
    }
    expects_continue_ = seen_.expects_continue();
    if (expects_continue_ && (framing_.kind == Framing::Kind::none ||
                              (framing_.kind == Framing::Kind::length && framing_.length == 0))) {
      // There is no content that a 100 would ask for, and Expect must not be sent then (RFC 9110,
      // 10.1.1).
      head_->fields.remove(http::FieldId::expect);
      expects_continue_ = false;
    }
  } else {
    // Expect is to be ignored in HTTP/1.0 (RFC 9110, 10.1.1). Remove it, since the origin gets the
    // request as HTTP/1.1 and would not ignore it.
    head_->fields.remove(http::FieldId::expect);
  }
  // RFC 9112, 9.3 and C.2.2: a proxy keeps no HTTP/1.0 client's connection, whatever the client
  // asks for.
  keep_alive_ = head_->version >= http::Version::http_1_1 && !seen_.close();
  return {};
}

}  // namespace weir::http1
