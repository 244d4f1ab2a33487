#include "codec/http1/lines.h"

#include <cstring>

#include "http/chars.h"

namespace weir::http1 {

const char* control_fault(char c) {
  switch (c) {
    case '\r': return "A line holds a carriage return that no line feed follows.";
    case '\n': return "A line ends in a line feed without a carriage return.";
    case 0: return "A line holds a NUL byte.";
    default: return "A line holds a control character.";
  }
}

LineCutter::Got LineCutter::next(const char*& at, const char* end, size_t limit, http::Arena& arena,
                                 Line& line) {
  if (kept_size_ == 0) [[likely]] {
    const char* stop = http::find_control(at, end);
    if (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n') [[likely]] {
      line = {at, stop, false};
      if (static_cast<size_t>(stop - at) + 2 > limit) return Got::too_long;
      at = stop + 2;
      return Got::line;
    }
  }
  return next_split(at, end, limit, arena, line);
}

LineCutter::Got LineCutter::next_split(const char*& at, const char* end, size_t limit,
                                       http::Arena& arena, Line& line) {
  // Check the limit first, and the content only when the line is whole, so that the fault found
  // does not depend on how the input is split.
  const size_t room = limit > kept_size_ ? limit - kept_size_ : 0;
  const size_t size = std::min(static_cast<size_t>(end - at), room);
  const auto* feed = size == 0 ? nullptr : static_cast<const char*>(std::memchr(at, '\n', size));
  if (feed && kept_size_ == 0) {
    const char* begin = at;
    at = feed + 1;
    return finish(begin, at, false, line);
  }
  const size_t taken = feed ? static_cast<size_t>(feed + 1 - at) : size;
  if (taken > 0) keep(at, taken, arena);
  at += taken;
  if (feed) {
    char* begin = kept_;
    kept_ += kept_size_;
    kept_room_ -= kept_size_;
    kept_size_ = 0;
    return finish(begin, kept_, true, line);
  }
  if (size < room) return Got::more;
  line = {kept_, kept_ + kept_size_, true};
  return Got::too_long;
}

LineCutter::Got LineCutter::finish(const char* begin, const char* after, bool lasting, Line& line) {
  const char* end = after - 1;
  if (end == begin || end[-1] != '\r') {
    line = {begin, end, lasting, true};
    fault_ = control_fault('\n');
    return Got::fault;
  }
  --end;
  line = {begin, end, lasting};
  const char* stop = http::find_control(begin, end);
  if (stop == end) return Got::line;
  fault_ = control_fault(*stop);
  return Got::fault;
}

void LineCutter::keep(const char* at, size_t size, http::Arena& arena) {
  if (kept_room_ - kept_size_ < size) {
    // Doubling keeps the copying proportional to the input.
    const size_t room = std::max<size_t>(256, 2 * (kept_size_ + size));
    char* larger = arena.allocate(room);
    if (kept_size_ > 0) std::memcpy(larger, kept_, kept_size_);
    kept_ = larger;
    kept_room_ = static_cast<uint32_t>(room);
  }
  std::memcpy(kept_ + kept_size_, at, size);
  kept_size_ += static_cast<uint32_t>(size);
}

const char* read_field_line(const Line& line, http::Arena& arena, FieldLine& field) {
  const char* const begin = line.begin;
  const char* const end = line.end;
  const char* const name_end = http::find_token_end(begin, end);
  const char* at = name_end;
  if (at == end || *at != ':') [[unlikely]] {
    if (at == begin && at < end && (*at == ' ' || *at == '\t'))
      return "A field line is folded (it begins with a blank).";
    while (at < end && (*at == ' ' || *at == '\t')) ++at;
    if (at == end)
      return name_end == end ? "A field line has no colon."
                             : "A field name has a blank in it, and no colon follows.";
    if (at != name_end && *at != ':') return "A field name has a blank in it.";
    if (*at != ':') return "A field name has a character that names do not have.";
    return "There is a blank between a field's name and its colon.";
  }
  if (name_end == begin) return "A field has no name.";
  ++at;
  const char* value_end = end;
  while (at < value_end && (*at == ' ' || *at == '\t')) ++at;
  while (value_end > at && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;

  const char* copy = begin;
  if (!line.lasting) {
    const auto size = static_cast<size_t>(value_end - begin);
    char* to = arena.allocate(size);
    std::memcpy(to, begin, size);
    copy = to;
  }
  field.name = {copy, static_cast<size_t>(name_end - begin)};
  field.value = {copy + (at - begin), static_cast<size_t>(value_end - at)};
  field.id = http::field_id_of(field.name);
  return nullptr;
}

base::Error malformed(Side side, const char* why) {
  return side == Side::client ? base::Error(base::ErrorType::http_request_error, why)
                              : base::Error(base::ErrorType::http_protocol_error, why);
}

}  // namespace weir::http1
