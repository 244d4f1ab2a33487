// Reads an origin's field lines that are malformed but can be read in only one way (RFC 9112, 2.2
// and 5; docs/design/strictness.md). One per section of fields: a response's head or its trailers.
#pragma once
#include <cstdint>
#include <string_view>

#include "codec/http1/lines.h"
#include "http/head.h"

namespace weir::http1 {

class FieldMender {
 public:
  /// Notes what was mended: a static word for the log. Only the first one is kept.
  void mend(const char* what) {
    if (!mended_) mended_ = what;
  }
  /// nullptr if everything was to the letter so far.
  const char* mended() const { return mended_; }

  /// The first line of the section says how all of its lines end.
  void begin_with(const Line& line);
  /// nullptr, or what is wrong if the line does not end as the section's first line did.
  const char* check_end(const Line& line) const;
  /// Takes a line that is not empty, and adds what it says to the fields of `head`. Returns
  /// nullptr, or why the line has no single reading.
  const char* take(const Line& line, http::Head& head);

  /// False: a line was dropped, folded or ended in LF alone, so every further line has to go
  /// through take().
  bool to_the_letter() const { return odd_lines_ == 0 && !by_feed_; }
  bool ends_in_feed() const { return by_feed_; }
  /// Lines that were dropped or joined to another. They count against the limit of fields.
  uint32_t odd_lines() const { return odd_lines_; }
  /// A value has grown after it was added.
  bool folded() const { return folded_; }
  /// For the next section on the same connection. What was mended stays noted: the connection is
  /// not used again.
  void restart();

 private:
  const char* take_fold(std::string_view text, http::Head& head);
  const char* drop(std::string_view name);
  const char* clean(char* begin, char* end, http::FieldId id, std::string_view& value);
  char* room_to_join(std::string_view value, size_t more, http::Arena& arena);

  const char* mended_ = nullptr;
  /// Where the last field's value lies if it was folded, with room to grow.
  char* joined_ = nullptr;
  size_t joined_room_ = 0;
  uint32_t odd_lines_ = 0;
  bool by_feed_ = false;
  bool dropped_ = false;
  bool folded_ = false;
};

}  // namespace weir::http1
