#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "codec/http1/head_parser.h"
#include "http/chars.h"

namespace weir::http1 {

using base::Result;
using http::Method;

namespace {

constexpr std::string_view kHttp = "HTTP/";

/// True if `text`, which has come of a line so far, can become a status line. If the line is
/// `whole`, its first word must be complete.
bool can_begin(std::string_view text, bool whole, Begin begin) {
  const auto begins = [&](std::string_view word) {
    const size_t size = std::min(text.size(), word.size());
    if (whole && size < word.size()) return false;
    if (begin == Begin::http_only) return text.substr(0, size) == word.substr(0, size);
    return base::equal_ignoring_case(text.substr(0, size), word.substr(0, size));
  };
  return begins(kHttp) || (begin == Begin::mended && begins("ICY "));
}

}  // namespace

void ResponseParser::reset(Method request_method) {
  restart();
  mender_.restart();
  head_ = nullptr;
  request_method_ = request_method;
  no_response_ = false;
}

void ResponseParser::reset(Method request_method, Begin begin) {
  reset(request_method);
  begin_ = begin;
}

Result<size_t> ResponseParser::feed(std::string_view in) {
  const char* at = in.data();
  const char* const end = at + in.size();
  if (state_ < State::fields && at < end) {
    if (!head_) head_ = http::ResponseHead::make();
    if (state_ != State::before || !take_clean_status_line(at, end)) {
      CHECK_OK(feed_status_line(at, end));
    }
  }
  if (state_ == State::fields) {
    while (!done() && has_other_line(at, end)) CHECK_OK(feed_field_line(at, end, *head_));
    if (done()) CHECK_OK(finish());
  }
  return static_cast<size_t>(at - in.data());
}

/// Takes a status line that is whole, without a flaw, and of HTTP/1.1: nearly all are. Any other is
/// left to LineCutter and read_status_line.
bool ResponseParser::take_clean_status_line(const char*& at, const char* end) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  constexpr size_t kReason = kVersion.size() + 4;
  if (static_cast<size_t>(end - at) < kReason + 2) return false;
  if (std::memcmp(at, kVersion.data(), kVersion.size()) != 0) return false;
  const auto digit = [&](size_t place) {
    return static_cast<unsigned>(at[kVersion.size() + place] - '0');
  };
  if (digit(0) - 1 > 4 || digit(1) > 9 || digit(2) > 9 || at[kReason - 1] != ' ') return false;
  const char* const reason = at + kReason;
  const char* const stop = http::find_control(reason, end);
  if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return false;
  const auto size = static_cast<size_t>(stop + 2 - at);
  if (size > limits_.bytes) return false;
  head_->status = static_cast<int>(digit(0) * 100 + digit(1) * 10 + digit(2));
  head_->reason = head_->copy({reason, static_cast<size_t>(stop - reason)});
  at += size;
  size_ = static_cast<uint32_t>(size);
  state_ = State::fields;
  return true;
}

Result<void> ResponseParser::feed_status_line(const char*& at, const char* end) {
  if (begin_ == Begin::http_only) state_ = State::first_line;
  CHECK_OK(skip_to_status_line(at, end));
  if (at == end) return {};
  const size_t before = lines_.kept().size();
  const char* const from = at;
  Line line;
  const auto got = lines_.next(at, end, limits_.bytes - (size_ - before), head_->arena(), line);
  size_ += static_cast<uint32_t>(at - from);
  const bool whole = got == LineCutter::Got::line || got == LineCutter::Got::fault;
  if (!can_begin(got == LineCutter::Got::more ? lines_.kept() : line.view(), whole, begin_)) {
    no_response_ = true;
    return std::unexpected(
        malformed(Side::origin, "The origin's answer does not begin with HTTP/1."));
  }
  if (whole) return read_status_line(line);
  if (got == LineCutter::Got::more) return {};
  return std::unexpected(too_large("The response's status line is too long."));
}

/// Skips blanks, or one empty line.
Result<void> ResponseParser::skip_to_status_line(const char*& at, const char* end) {
  for (; at < end && state_ < State::first_line; ++at) {
    if (state_ == State::after_cr && *at != '\n') {
      no_response_ = true;
      return std::unexpected(malformed(Side::origin, control_fault('\r')));
    }
    if (state_ != State::after_cr && http::is_blank(*at)) {
      state_ = State::after_blanks;
    } else if (state_ == State::before && *at == '\r') {
      state_ = State::after_cr;
    } else {
      const bool empty_line = state_ != State::after_blanks && *at == '\n';
      state_ = State::first_line;
      if (!empty_line) return {};
    }
    mender_.mend("status-line");
    if (++size_ >= limits_.bytes) {
      return std::unexpected(too_large("The response's status line is too long."));
    }
  }
  return {};
}

Result<void> ResponseParser::read_status_line(const Line& line) {
  const auto refuse = [](const char* why) { return std::unexpected(malformed(Side::origin, why)); };
  std::string_view rest = line.view();
  if (const char* why = read_version(rest)) return refuse(why);
  // A blank, three digits, and mostly a blank and a reason; many origins leave out both.
  const size_t blanks = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (blanks == 0 || rest.size() < blanks + 3) {
    return refuse("The status line is not a version, a code of three digits and a reason.");
  }
  if (blanks > 1 || rest.front() == '\t') mender_.mend("status-line");
  const auto status = base::parse_decimal<int>(rest.substr(blanks, 3));
  if (!status || *status < 100) {
    return refuse("The status line has no code of three digits from 100 to 999.");
  }
  if (*status > 599) mender_.mend("status-line");
  rest.remove_prefix(blanks + 3);
  if (!rest.empty() && !http::is_blank(rest.front())) {
    return refuse("The status line has more than a code of three digits before its reason.");
  }
  head_->status = *status;
  read_reason(rest);
  mender_.begin_with(line);
  state_ = State::fields;
  return {};
}

/// Takes the version off `rest`. Returns nullptr, or what is wrong with it. A version above
/// HTTP/1.1 is read as HTTP/1.1: the head after it has the form of HTTP/1, which no other version
/// has. SHOUTcast's servers write `ICY` for HTTP/1.0.
const char* ResponseParser::read_version(std::string_view& rest) {
  if (!rest.starts_with('H') && !rest.starts_with('h')) {
    mender_.mend("icy");
    head_->version = http::Version::http_1_0;
    rest.remove_prefix(3);
    return nullptr;
  }
  if (rest.size() < 8 || !base::is_digit(rest[5]) || rest[5] == '0' || rest[6] != '.' ||
      !base::is_digit(rest[7])) {
    return "The status line does not begin with a version such as HTTP/1.1.";
  }
  if (!rest.starts_with(kHttp) || rest[5] != '1') mender_.mend("status-line");
  head_->version =
      rest[5] == '1' && rest[7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1;
  rest.remove_prefix(8);
  return nullptr;
}

/// Reads the reason after its blank. Nothing is decided by it, so bytes that it can't hold become
/// blanks.
void ResponseParser::read_reason(std::string_view rest) {
  if (rest.empty()) return;
  if (rest.front() == '\t') mender_.mend("status-line");
  rest.remove_prefix(1);
  char* const copy = head_->arena().allocate(rest.size());
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool control = http::is_control(rest[i]);
    copy[i] = control ? ' ' : rest[i];
    if (control) mender_.mend("status-line");
  }
  head_->reason = {copy, rest.size()};
}

/// After a line that was mended, all others take the slow path, which counts and joins them.
bool ResponseParser::has_other_line(const char*& at, const char* end) {
  return mender_.to_the_letter() ? take_clean_lines(at, end, *head_) : at < end;
}

Result<void> ResponseParser::feed_field_line(const char*& at, const char* end, http::Head& head) {
  const size_t before = lines_.kept().size();
  const char* const from = at;
  Line line;
  const auto got = lines_.next(at, end, limits_.bytes - (size_ - before), head.arena(), line);
  size_ += static_cast<uint32_t>(at - from);
  if (got == LineCutter::Got::more) return {};
  if (got == LineCutter::Got::too_long) {
    return std::unexpected(too_large("The message's head is too large."));
  }
  if (const char* why = mender_.check_end(line)) return std::unexpected(malformed(side_, why));
  if (line.empty()) {
    state_ = State::done;
    return {};
  }
  const size_t fields = head.fields.size();
  if (const char* why = mender_.take(line, head)) return std::unexpected(malformed(side_, why));
  if (head.fields.size() + mender_.odd_lines() > limits_.fields) {
    return std::unexpected(too_large("The message's head has too many fields."));
  }
  if (head.fields.size() == fields) return {};
  const http::Field& added = head.fields.all().back();
  seen_.see(added.id, added.value());
  return {};
}

Result<void> ResponseParser::finish() {
  const int status = head_->status;
  const auto see_again = [this] {
    seen_ = {};
    for (const http::Field& field : head_->fields.all()) seen_.see(field.id, field.value());
  };
  if (mender_.folded()) see_again();
  if (!seen_.to_the_letter(head_->version)) {
    TRY(const char* const mended,
        mend_framing(head_->fields, head_->version, has_no_content(request_method_, status)));
    mender_.mend(mended);
    see_again();
  }
  framing_ = seen_.of_response(request_method_, status);
  keep_alive_ = !mender_.mended() && !seen_.close() &&
                (head_->version >= http::Version::http_1_1 || seen_.keep_alive()) &&
                framing_.kind != Framing::Kind::until_close;
  // RFC 9110, 15.3.6: a 205 without framing may send content all the same, and one with content is
  // at fault. Neither keeps its connection.
  if (status == 205 && framing_.kind != Framing::Kind::chunked &&
      (framing_.kind == Framing::Kind::none || framing_.length > 0)) {
    keep_alive_ = false;
  }
  return {};
}

}  // namespace weir::http1
