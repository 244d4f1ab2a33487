#include "codec/http1/framing.h"

#include "base/text.h"
#include "http/chars.h"

namespace weir::http1 {

using base::ErrorType;
using base::Result;
using http::FieldId;
using http::Method;

void FramingFields::look_at_coding(std::string_view coding) {
  chunked_last_ = http::is_word(coding, "chunked");
  if (chunked_last_) {
    ++chunked_codings_;
    return;
  }
  ++other_codings_;
  // Don't guess at parameters: chunked has none (RFC 9112, 7.1), and Weir knows no other coding.
  const std::string_view name = base::trim(coding.substr(0, coding.find(';')));
  if (!http::is_token(name) || http::is_word(name, "chunked")) coding_odd_ = true;
}

void FramingFields::look_at(FieldId id, std::string_view value) {
  switch (id) {
    case FieldId::content_length: {
      ++length_lines_;
      // Every signed 64-bit counter on the way can hold 2^63 - 1.
      const auto length = base::parse_decimal<int64_t>(value);
      if (length)
        length_ = static_cast<uint64_t>(*length);
      else
        length_odd_ = true;
      return;
    }
    case FieldId::transfer_encoding:
      ++coding_lines_;
      if (value.empty()) coding_odd_ = true;
      while (!value.empty()) {
        const bool trailing_comma = value.back() == ',';
        look_at_coding(http::take_list_element(value));
        if (value.empty() && trailing_comma) coding_odd_ = true;
      }
      return;
    case FieldId::connection:
      while (!value.empty()) {
        const std::string_view option = http::take_list_element(value);
        if (http::is_word(option, "close"))
          close_ = true;
        else if (http::is_word(option, "keep-alive"))
          keep_alive_ = true;
      }
      return;
    case FieldId::expect:
      while (!value.empty()) {
        const std::string_view expectation = http::take_list_element(value);
        if (http::is_word(expectation, "100-continue"))
          expects_continue_ = true;
        else if (!expectation.empty())
          expects_unknown_ = true;
      }
      return;
    default: return;
  }
}

const char* FramingFields::length_fault() const {
  if (length_lines_ > 1) return "There is more than one Content-Length.";
  if (length_odd_) return "Content-Length is not one decimal number below 2^63.";
  if (length_lines_ > 0 && coding_lines_ > 0)
    return "There are both Transfer-Encoding and Content-Length.";
  return nullptr;
}

Result<Framing> FramingFields::of_request(Method method, http::Version version) const {
  if (const char* why = length_fault()) return std::unexpected(malformed(Side::client, why));
  if (coding_lines_ > 0) {
    const auto refuse = [](const char* why) {
      return std::unexpected(malformed(Side::client, why));
    };
    if (version == http::Version::http_1_0)
      return refuse("There is Transfer-Encoding in an HTTP/1.0 request.");
    if (coding_odd_) return refuse("Transfer-Encoding is not a list of codings.");
    if (!chunked_last_)
      return refuse(
          "The last transfer coding is not chunked, so the end of the content can't be known.");
    if (chunked_codings_ > 1)
      return refuse("The transfer coding chunked is applied more than once.");
    if (other_codings_ > 0) {
      return base::fail(ErrorType::http_request_error, 501,
                        "Transfer-Encoding has a coding other than chunked.");
    }
    if (method == Method::connect) return refuse("A CONNECT request has content.");
    return Framing{Framing::Kind::chunked, 0};
  }
  if (length_lines_ == 0) return Framing{};
  if (method == Method::connect) {
    // Some clients send a length of zero. With any other, one side would read the content as the
    // tunnel's bytes, and the other side would not.
    if (length_ > 0)
      return std::unexpected(malformed(Side::client, "A CONNECT request has content."));
    return Framing{};
  }
  return Framing{Framing::Kind::length, length_};
}

Framing FramingFields::of_response(Method request_method, int status) const {
  if (has_no_content(request_method, status)) return {};
  if (coding_lines_ > 0) return {Framing::Kind::chunked, 0};
  if (length_lines_ > 0) return {Framing::Kind::length, length_};
  // RFC 9110, 15.3.6: a 205 has no content, so don't wait for the connection's end.
  return {status == 205 ? Framing::Kind::none : Framing::Kind::until_close, 0};
}

}  // namespace weir::http1
