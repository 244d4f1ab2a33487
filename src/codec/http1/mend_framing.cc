#include <charconv>
#include <optional>

#include "base/text.h"
#include "codec/http1/framing.h"
#include "http/chars.h"

namespace weir::http1 {

using base::ErrorType;
using base::Result;
using http::FieldId;

namespace {

enum class Coding : uint8_t { none, chunked, odd };

/// A single `chunked` can be read in one way, and so can a single `identity`, which means no
/// coding. For anything else `why` says what is wrong.
Coding read_coding(const http::Fields& fields, http::Version version, const char*& why) {
  if (!fields.has(FieldId::transfer_encoding)) return Coding::none;
  const std::string_view coding = fields.get(FieldId::transfer_encoding);
  // RFC 9112, 6.1: in HTTP/1.0 Transfer-Encoding makes the framing faulty, whatever it says.
  if (version == http::Version::http_1_0) {
    why = "There is Transfer-Encoding in an HTTP/1.0 response.";
    return Coding::odd;
  }
  if (fields.count(FieldId::transfer_encoding) == 1) {
    if (http::is_word(coding, "identity")) return Coding::none;
    if (http::is_word(coding, "chunked")) return Coding::chunked;
  }
  why = "Transfer-Encoding is not chunked alone.";
  return Coding::odd;
}

/// The one length that all lines and all their elements name (RFC 9110, 8.6).
std::optional<int64_t> read_equal_lengths(const http::Fields& fields) {
  std::optional<int64_t> length;
  for (const http::Field& field : fields.all()) {
    if (field.id != FieldId::content_length) continue;
    std::string_view list = field.value();
    bool more;
    do {
      more = list.find(',') != std::string_view::npos;
      const auto element = base::parse_decimal<int64_t>(http::take_list_element(list));
      if (!element || (length && *length != *element)) return std::nullopt;
      length = element;
    } while (more);
  }
  return length;
}

}  // namespace

Result<const char*> mend_framing(http::Fields& fields, http::Version version, bool no_content) {
  const char* why = nullptr;
  const Coding coding = read_coding(fields, version, why);
  if (coding == Coding::odd && !no_content) {
    return base::fail(ErrorType::http_response_transfer_coding, why);
  }
  const bool other_coding = coding != Coding::chunked && fields.has(FieldId::transfer_encoding);
  if (other_coding) fields.remove(FieldId::transfer_encoding);
  if (coding == Coding::chunked) {
    // RFC 9112, 6.3, rule 3.
    fields.remove(FieldId::content_length);
    return "framing";
  }
  if (!fields.has(FieldId::content_length)) return "framing";
  const auto length = read_equal_lengths(fields);
  if (length) {
    char digits[24];
    const char* const end = std::to_chars(digits, std::end(digits), *length).ptr;
    fields.set(FieldId::content_length, {digits, static_cast<size_t>(end - digits)});
  } else if (no_content) {
    fields.remove(FieldId::content_length);
  } else {
    return std::unexpected(
        malformed(Side::origin, "Content-Length is not one decimal number below 2^63."));
  }
  return other_coding ? "framing" : "lengths";
}

}  // namespace weir::http1
