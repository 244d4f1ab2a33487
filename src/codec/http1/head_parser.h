// Reads the heads of HTTP/1 messages (RFC 9112, 2 to 5) from pieces of any size: requests strictly,
// responses mended where one reading is left (docs/design/strictness.md). Bytes in, a head out.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/http1/field_mender.h"
#include "codec/http1/framing.h"
#include "codec/http1/lines.h"
#include "http/head.h"

namespace weir::http1 {

/// What both directions share: the fields after the start line.
class HeadParser {
 public:
  HeadParser(const HeadParser&) = delete;
  HeadParser& operator=(const HeadParser&) = delete;

  /// The empty line was read: head, framing and persistence are known, and feed takes nothing more.
  bool done() const { return state_ == State::done; }
  /// A byte of a head was consumed. Bytes that may stand before its first line do not count.
  bool started() const { return state_ > State::first_line || lines_.kept().size() > 0; }
  /// Bytes of the head so far.
  size_t size() const { return size_; }
  const Framing& framing() const { return framing_; }
  /// As far as this message goes, the connection may carry another one after it (RFC 9112, 9.3).
  bool keep_alive() const { return keep_alive_; }

 protected:
  HeadParser(Side side, HeadLimits limits) : limits_(limits), side_(side) {}
  ~HeadParser() = default;

  enum class State : uint8_t { before, after_cr, after_blanks, first_line, fields, done };

  /// Takes the field lines that are complete and to the letter, up to the empty one. True: bytes
  /// are left, and they begin a line of another kind.
  bool take_clean_lines(const char*& at, const char* end, http::Head& head);
  base::Error too_large(const char* why) const;
  void restart();

  HeadLimits limits_;
  LineCutter lines_;
  FramingFields seen_;
  Framing framing_;
  uint32_t size_ = 0;
  Side side_;
  State state_ = State::before;
  bool keep_alive_ = false;
};

/// Errors: 400, 414, 417 (an Expect other than 100-continue), 431, 501, 505; after an error the
/// parser can't be used any more. The target is left to http::parse_target.
class RequestParser : public HeadParser {
 public:
  explicit RequestParser(HeadLimits limits = {}) : HeadParser(Side::client, limits) {}

  /// Returns how many bytes it took: all of them unless the head ended before.
  base::Result<size_t> feed(std::string_view in);
  /// The head, once done() (before that, what has been read of it, for the log; may be null).
  const base::Ref<http::RequestHead>& head() const { return head_; }
  base::Ref<http::RequestHead> take_head() { return std::move(head_); }
  /// Connection has keep-alive, which an HTTP/1.0 client sends if it takes Weir for the origin.
  bool asks_to_keep() const { return seen_.keep_alive(); }
  /// The client waits for a 100 before it sends its content (never an HTTP/1.0 one; RFC
  /// 9110, 10.1.1).
  bool expects_continue() const { return expects_continue_; }
  /// Prepares for the next request. Drops the head.
  void reset();

 private:
  base::Result<void> feed_request_line(const char*& at, const char* end);
  bool take_clean_request_line(const char*& at, const char* end);
  base::Result<void> read_request_line(const Line& line, size_t method_size);
  base::Result<void> feed_field_line(const char*& at, const char* end, http::Head& head);
  /// Checks a client's field line that has not ended: 400 as soon as it can't become a valid one.
  /// The last `fresh` bytes are new.
  base::Result<void> check_field_so_far(std::string_view line, size_t fresh) const;
  /// The same for a request line.
  base::Result<void> check_request_line_so_far(std::string_view line, size_t fresh,
                                               size_t method_size) const;
  base::Result<void> finish();

  base::Ref<http::RequestHead> head_;
  bool expects_continue_ = false;
};

/// What the first bytes of a response may be.
enum class Begin : uint8_t {
  /// Anything that can become a status line: `HTTP/` in upper or lower case, or `ICY`, also after
  /// blanks or one empty line.
  mended,
  /// Only the five bytes `HTTP/`. On a connection that has carried an answer before, anything else
  /// may be the rest of that answer, and bytes from a tunnel may be no HTTP at all.
  http_only,
};

/// Errors are 502, of the types http_protocol_error, http_response_transfer_coding and
/// http_response_header_section_size.
class ResponseParser : public HeadParser {
 public:
  explicit ResponseParser(http::Method request_method = http::Method::get, HeadLimits limits = {},
                          Begin begin = Begin::mended)
      : HeadParser(Side::origin, limits), request_method_(request_method), begin_(begin) {}

  base::Result<size_t> feed(std::string_view in);
  const base::Ref<http::ResponseHead>& head() const { return head_; }
  base::Ref<http::ResponseHead> take_head() { return std::move(head_); }
  /// The first thing that was mended, a static word for the log; nullptr for a response to the
  /// letter. The connection of a mended response is not used again (keep_alive() is false), and
  /// nothing of the response may be stored. Survives reset().
  const char* mended() const { return mender_.mended(); }
  /// After an error: true if the bytes can't begin a response. This is known at the first byte that
  /// differs.
  bool no_response() const { return no_response_; }
  /// Prepares for the next response on the connection: the final one after an interim one, or the
  /// one to the next request. `begin` stays as it was unless it is given.
  void reset(http::Method request_method);
  void reset(http::Method request_method, Begin begin);

 private:
  bool take_clean_status_line(const char*& at, const char* end);
  base::Result<void> feed_status_line(const char*& at, const char* end);
  base::Result<void> skip_to_status_line(const char*& at, const char* end);
  base::Result<void> read_status_line(const Line& line);
  const char* read_version(std::string_view& rest);
  void read_reason(std::string_view rest);
  bool has_other_line(const char*& at, const char* end);
  base::Result<void> feed_field_line(const char*& at, const char* end, http::Head& head);
  base::Result<void> finish();

  base::Ref<http::ResponseHead> head_;
  FieldMender mender_;
  http::Method request_method_;
  Begin begin_;
  bool no_response_ = false;
};

}  // namespace weir::http1
