#include "codec/http1/chunked.h"

#include <cstring>

#include "base/text.h"
#include "http/chars.h"
#include "http/field_set.h"

namespace weir::http1 {

using base::ErrorType;
using base::Result;
using http::FieldId;

namespace {

/// The value of a hexadecimal digit, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = base::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

constexpr http::FieldSet kForbidden{
    FieldId::accept_encoding,
    FieldId::accept_ranges,
    FieldId::age,
    FieldId::authentication_info,
    FieldId::authorization,
    FieldId::cache_control,
    FieldId::connection,
    FieldId::content_encoding,
    FieldId::content_language,
    FieldId::content_length,
    FieldId::content_location,
    FieldId::content_range,
    FieldId::content_type,
    FieldId::cookie,
    FieldId::date,
    FieldId::expect,
    FieldId::expires,
    FieldId::forwarded,
    FieldId::host,
    FieldId::http2_settings,
    FieldId::if_match,
    FieldId::if_modified_since,
    FieldId::if_none_match,
    FieldId::if_range,
    FieldId::if_unmodified_since,
    FieldId::keep_alive,
    FieldId::location,
    FieldId::max_forwards,
    FieldId::origin,
    FieldId::pragma,
    FieldId::proxy_authenticate,
    FieldId::proxy_authentication_info,
    FieldId::proxy_authorization,
    FieldId::proxy_connection,
    FieldId::proxy_status,
    FieldId::proxy_support,
    FieldId::range,
    FieldId::retry_after,
    FieldId::sec_websocket_accept,
    FieldId::sec_websocket_key,
    FieldId::set_cookie,
    FieldId::strict_transport_security,
    FieldId::te,
    FieldId::trailer,
    FieldId::transfer_encoding,
    FieldId::upgrade,
    FieldId::vary,
    FieldId::via,
    FieldId::warning,
    FieldId::www_authenticate,
    FieldId::x_forwarded_for,
};

}  // namespace

bool is_forbidden_trailer(FieldId id) {
  return kForbidden.has(id);
}

Result<ChunkedDecoder::Decoded> ChunkedDecoder::decode(char* data, size_t size) {
  const char* at = data;
  const char* const end = data + size;
  char* out = data;
  while (at < end && state_ != State::done) {
    if (state_ == State::content) {
      const auto here =
          static_cast<size_t>(std::min<uint64_t>(left_, static_cast<uint64_t>(end - at)));
      if (out != at) std::memmove(out, at, here);
      at += here;
      out += here;
      left_ -= here;
      total_ += here;
      if (left_ == 0) state_ = State::content_return;
    } else if (state_ == State::trailer) {
      CHECK_OK(take_trailers(at, end));
    } else if (const char* why = take_byte(*at++)) {
      return std::unexpected(malformed(side_, why));
    }
  }
  return Decoded{static_cast<size_t>(at - data), static_cast<size_t>(out - data), done()};
}

const char* ChunkedDecoder::take_byte(char c) {
  switch (state_) {
    case State::size_first:
    case State::size: {
      const int digit = hex_value(c);
      if (digit >= 0) {
        if (++digits_ > 16 || left_ > (kLargestChunk >> 4)) return "A chunk's size is too large.";
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        if (left_ > kLargestChunk) return "A chunk's size is too large.";
        state_ = State::size;
        return nullptr;
      }
      if (state_ == State::size_first) return "A chunk's size is not a hexadecimal number.";
      if (c == '\r') {
        state_ = State::size_feed;
        return nullptr;
      }
      if (c == '\n' && side_ == Side::origin) return end_of_size_line_by_feed();
      if (c != ';' && c != ' ' && c != '\t') return "A chunk's size is not a hexadecimal number.";
      state_ = State::after_size;
      return take_extension_byte(c);
    }
    case State::size_feed:
      by_feed_ = false;
      return c == '\n' ? end_of_size_line() : control_fault('\r');
    case State::content_return:
      // An origin whose size line ended in LF alone may end the content that way too.
      if (c == '\n' && by_feed_) {
        state_ = State::size_first;
        return nullptr;
      }
      state_ = State::content_feed;
      return c == '\r' ? nullptr : "A chunk is longer than its size.";
    case State::content_feed:
      state_ = State::size_first;
      return c == '\n' ? nullptr : control_fault('\r');
    case State::trailer_feed: return c == '\n' ? end_trailers() : control_fault('\r');
    default: return take_extension_byte(c);
  }
}

const char* ChunkedDecoder::end_of_size_line_by_feed() {
  size_mended_ = by_feed_ = true;
  return end_of_size_line();
}

const char* ChunkedDecoder::end_of_size_line() {
  digits_ = 0;
  line_extensions_ = 0;
  state_ = left_ > 0 ? State::content : State::trailer;
  return nullptr;
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112, 7.1.1.
/// Blanks may stand nowhere else. Before the line's end, only those are accepted with which old
/// servers pad a size.
const char* ChunkedDecoder::take_extension_byte(char c) {
  constexpr const char* kOdd = "A chunk's extension is malformed.";
  const bool blank = c == ' ' || c == '\t';
  if (++line_extensions_ > kChunkLineExtensions ||
      ++message_extensions_ > kMessageExtensions + total_) {
    if (c != '\r') return "The chunks' extensions are too long.";
  }
  switch (state_) {
    case State::after_size:
      if (side_ == Side::origin && (c == '\r' || c == '\n')) {
        if (c == '\n') return end_of_size_line_by_feed();
        size_mended_ = true;
        state_ = State::size_feed;
        return nullptr;
      }
      [[fallthrough]];
    case State::before_semicolon:
      if (c == ';') state_ = State::before_name;
      return blank || c == ';' ? nullptr : kOdd;
    case State::before_name:
      if (blank) return nullptr;
      state_ = State::name;
      return http::is_token_byte(c) ? nullptr : kOdd;
    case State::name:
      if (http::is_token_byte(c)) return nullptr;
      [[fallthrough]];
    case State::before_equals:
      if (blank)
        state_ = State::before_equals;
      else if (c == '=')
        state_ = State::before_value;
      else if (c == ';')
        state_ = State::before_name;
      else if (c == '\r' && state_ == State::name)
        state_ = State::size_feed;
      else
        return kOdd;
      return nullptr;
    case State::before_value:
      if (blank) return nullptr;
      state_ = c == '"' ? State::quoted : State::value;
      return c == '"' || http::is_token_byte(c) ? nullptr : kOdd;
    case State::value:
      if (http::is_token_byte(c)) return nullptr;
      [[fallthrough]];
    case State::after_quoted:
      if (blank)
        state_ = State::before_semicolon;
      else if (c == ';')
        state_ = State::before_name;
      else if (c == '\r')
        state_ = State::size_feed;
      else
        return kOdd;
      return nullptr;
    case State::quoted:
      if (c == '"')
        state_ = State::after_quoted;
      else if (c == '\\')
        state_ = State::quoted_pair;
      return http::is_control(c) ? kOdd : nullptr;
    case State::quoted_pair: state_ = State::quoted; return http::is_control(c) ? kOdd : nullptr;
    default: return kOdd;
  }
}

Result<void> ChunkedDecoder::take_trailers(const char*& at, const char* end) {
  const auto too_large = [this](const char* why) {
    return side_ == Side::client ? base::fail(ErrorType::http_request_error, 431, why)
                                 : base::fail(ErrorType::http_response_trailer_section_size, why);
  };
  while (at < end) {
    const size_t before = lines_.kept().size();
    if (before == 0 && *at == '\r') {
      // In most cases this is the empty line: there are no trailers, and they need no memory.
      ++at;
      state_ = State::trailer_feed;
      return {};
    }
    if (!trailers_) trailers_ = http::Trailers::make();
    const char* const from = at;
    Line line;
    const auto got = lines_.next(at, end, kTrailerLimits.bytes - (trailer_bytes_ - before),
                                 trailers_->arena(), line);
    trailer_bytes_ += static_cast<uint32_t>(at - from);
    if (got == LineCutter::Got::more) return {};
    if (got == LineCutter::Got::too_long) return too_large("The trailer section is too large.");
    if (const char* why = take_trailer(line, got == LineCutter::Got::fault)) {
      return std::unexpected(malformed(side_, why));
    }
    if (state_ == State::done) return {};
    if (trailers_->fields.size() + mender_.odd_lines() > kTrailerLimits.fields) {
      return too_large("There are too many trailer fields.");
    }
  }
  return {};
}

const char* ChunkedDecoder::take_trailer(const Line& line, bool fault) {
  http::Fields& fields = trailers_->fields;
  if (side_ == Side::client) {
    if (fault) return lines_.fault();
    FieldLine field;
    if (const char* why = read_field_line(line, trailers_->arena(), field)) return why;
    fields.add_in_place(field.name, field.value, field.id);
    return nullptr;
  }
  if (fields.empty() && mender_.odd_lines() == 0) mender_.begin_with(line);
  if (const char* why = mender_.check_end(line)) return why;
  // take_trailers has already dealt with an empty line that ends in CRLF.
  if (line.empty()) return end_trailers();
  return mender_.take(line, *trailers_);
}

/// Drops the forbidden trailers at the end, because a fold may still follow any of them.
const char* ChunkedDecoder::end_trailers() {
  if (mender_.ends_in_feed() && state_ == State::trailer_feed) return mender_.check_end(Line{});
  const auto forbidden = [](const http::Field& field) { return is_forbidden_trailer(field.id); };
  if (trailers_) trailers_->fields.remove_if(forbidden);
  state_ = State::done;
  return nullptr;
}

}  // namespace weir::http1
