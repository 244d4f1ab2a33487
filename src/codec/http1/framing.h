// Where a message's content ends, and whether the connection goes on after it (RFC 9112, 6 and
// 9.3). In a request nothing is forgiven: what two programs could read in two ways is refused. A
// response is mended where only one reading is possible.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "codec/http1/lines.h"
#include "http/field_id.h"
#include "http/field_set.h"
#include "http/head.h"
#include "http/method.h"

namespace weir::http1 {

struct Framing {
  enum class Kind : uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  /// Bytes of content, for Kind::length. At most 2^63 - 1.
  uint64_t length = 0;
};

inline constexpr http::FieldSet kWatchedFields{http::FieldId::content_length,
                                               http::FieldId::transfer_encoding,
                                               http::FieldId::connection, http::FieldId::expect};

/// Gathers the fields that decide framing and persistence, while a head is read.
class FramingFields {
 public:
  /// Call it with each field; it is cheap for those that do not matter here.
  void see(http::FieldId id, std::string_view value) {
    if (kWatchedFields.has(id)) look_at(id, value);
  }
  base::Result<Framing> of_request(http::Method method, http::Version version) const;
  /// True if there is one length, or one `chunked`, or neither: then a response needs no mending.
  bool to_the_letter(http::Version version) const {
    if (coding_lines_ == 0) return length_lines_ <= 1 && !length_odd_;
    return version != http::Version::http_1_0 && length_lines_ == 0 && !coding_odd_ &&
           other_codings_ == 0 && chunked_codings_ == 1;
  }
  /// Only for fields that are to_the_letter().
  Framing of_response(http::Method request_method, int status) const;

  /// Connection options, over all lines.
  bool close() const { return close_; }
  bool keep_alive() const { return keep_alive_; }
  /// Expect has 100-continue, or anything else (to be answered 417).
  bool expects_continue() const { return expects_continue_; }
  bool expects_unknown() const { return expects_unknown_; }

 private:
  void look_at(http::FieldId id, std::string_view value);
  void look_at_coding(std::string_view coding);
  /// nullptr, or why the codings or lengths can't be believed, whoever sent them.
  const char* length_fault() const;

  uint64_t length_ = 0;
  uint32_t length_lines_ = 0;
  uint32_t coding_lines_ = 0;
  uint32_t other_codings_ = 0;
  uint32_t chunked_codings_ = 0;
  bool length_odd_ = false;
  bool coding_odd_ = false;
  bool chunked_last_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool expects_unknown_ = false;
};

/// RFC 9112, 6.3, rules 1 and 2: such a response ends at the empty line, whatever its fields say.
constexpr bool has_no_content(http::Method request_method, int status) {
  return request_method == http::Method::head || status < 200 || status == 204 || status == 304 ||
         (request_method == http::Method::connect && status < 300);
}

/// Rewrites a response's faulty framing fields to the only thing that they can mean. Without
/// content, fields that have no single meaning are just removed. Returns the static word for what
/// was mended, or an error if more than one reading is possible.
base::Result<const char*> mend_framing(http::Fields& fields, http::Version version,
                                       bool no_content);

}  // namespace weir::http1
