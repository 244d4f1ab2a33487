// Lines that end in CRLF, cut from bytes that come in pieces of any size, and the field lines among
// them (RFC 9112, 2.2 and 5).
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/head.h"

namespace weir::http1 {

/// Who wrote the message. A client's faults are answered with 4xx and 5xx of its own, an origin's
/// with 502.
enum class Side : uint8_t { client, origin };

/// What a head may cost. Beyond either, 431 to a client, 502 for an origin.
struct HeadLimits {
  /// Start line, fields and the empty line, as they came.
  uint32_t bytes = 64 * 1024;
  uint32_t fields = 200;
};

/// A line without its CRLF, or its LF where that stood alone.
struct Line {
  const char* begin = nullptr;
  const char* end = nullptr;
  /// It lies in the arena already, and so needs no copy.
  bool lasting = false;
  /// No CR stood before its LF.
  bool by_feed = false;

  std::string_view view() const { return {begin, static_cast<size_t>(end - begin)}; }
  bool empty() const { return begin == end; }
};

/// Cuts lines. A line that lies in one piece of input is not copied; the beginning of any other is
/// kept in the arena. Every byte is looked at a fixed number of times, whatever the splitting, and
/// what is said of a line does not depend on it.
class LineCutter {
 public:
  enum class Got : uint8_t {
    line,
    /// The input is used up; what it began is kept.
    more,
    /// The line is whole in `line`; it ends in LF alone or holds controls, and `fault()` says
    /// which.
    fault,
    /// The line would be longer than `limit`; `line` holds at least its first bytes.
    too_long,
  };

  /// Takes bytes from `at`, never beyond `end`. `limit` is what the line may have in bytes, its
  /// CRLF included.
  Got next(const char*& at, const char* end, size_t limit, http::Arena& arena, Line& line);
  /// The part of a line that waits for its end.
  std::string_view kept() const { return {kept_, kept_size_}; }
  /// For a person; static.
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

/// What a byte that no line may hold is called.
const char* control_fault(char c);

/// A field line taken apart. Name and value lie in the arena.
struct FieldLine {
  std::string_view name;
  std::string_view value;
  http::FieldId id = http::FieldId::other;
};

/// nullptr, or what is wrong with a client's line (static); an origin's is FieldMender's. Controls
/// were the cutter's business.
const char* read_field_line(const Line& line, http::Arena& arena, FieldLine& field);

/// 400 for a client, 502 for an origin.
base::Error malformed(Side side, const char* why);

}  // namespace weir::http1
