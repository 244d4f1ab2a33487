// Lines that end in CRLF, cut from bytes that come in pieces of any size, and the field lines among
// them (RFC 9112, 2.2 and 5).
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/head.h"

namespace weir::http1 {

/// Who wrote the message. A client's faults are answered with a matching 4xx or 5xx, an origin's
/// with 502.
enum class Side : uint8_t { client, origin };

/// Limits for a head. Beyond either, a client gets 431; for an origin's head the status is 502.
struct HeadLimits {
  /// Start line, fields and the empty line, as received.
  uint32_t bytes = 64 * 1024;
  uint32_t fields = 200;
};

/// A line without its CRLF, or without its LF if there was no CR.
struct Line {
  const char* begin = nullptr;
  const char* end = nullptr;
  /// The line is already in the arena, so it needs no copy.
  bool lasting = false;
  /// No CR stood before its LF.
  bool by_feed = false;

  std::string_view view() const { return {begin, static_cast<size_t>(end - begin)}; }
  bool empty() const { return begin == end; }
};

/// Cuts input into lines. A line that lies in one piece of input is not copied; the beginning of
/// any other line is kept in the arena. However the input is split, every byte is looked at a fixed
/// number of times, and the result for a line is the same.
class LineCutter {
 public:
  enum class Got : uint8_t {
    line,
    /// The input is used up; the line that it began is kept.
    more,
    /// The line is whole in `line`; it ends in LF alone or holds controls, and `fault()` says
    /// which.
    fault,
    /// The line would be longer than `limit`; `line` holds at least its first bytes.
    too_long,
  };

  /// Takes bytes from `at`, never beyond `end`. The line may have at most `limit` bytes, its CRLF
  /// included.
  Got next(const char*& at, const char* end, size_t limit, http::Arena& arena, Line& line);
  /// The beginning of a line whose end has not come yet.
  std::string_view kept() const { return {kept_, kept_size_}; }
  /// Static text for a person.
  const char* fault() const { return fault_; }
  void reset() { *this = {}; }

 private:
  Got next_split(const char*& at, const char* end, size_t limit, http::Arena& arena, Line& line);
  Got finish(const char* begin, const char* after, bool lasting, Line& line);
  void keep(const char* at, size_t size, http::Arena& arena);

  char* kept_ = nullptr;
  uint32_t kept_size_ = 0;
  uint32_t kept_room_ = 0;
  const char* fault_ = nullptr;
};

/// Static text about a byte that no line may hold.
const char* control_fault(char c);

/// A field line taken apart. Name and value lie in the arena.
struct FieldLine {
  std::string_view name;
  std::string_view value;
  http::FieldId id = http::FieldId::other;
};

/// Takes a client's field line apart. Returns nullptr, or what is wrong (static text). FieldMender
/// does this for an origin's line. LineCutter has already looked for controls.
const char* read_field_line(const Line& line, http::Arena& arena, FieldLine& field);

/// 400 for a client, 502 for an origin.
base::Error malformed(Side side, const char* why);

}  // namespace weir::http1
