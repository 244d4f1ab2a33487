#include "codec/http1/field_mender.h"

#include <cstring>

#include "base/text.h"
#include "http/chars.h"
#include "http/field_set.h"

namespace weir::http1 {

using http::FieldId;

namespace {

/// The fields of a response whose values Weir decides by: framing, persistence, upgrades, and
/// logins that belong to a connection. A control in one of these could be read in two ways; all
/// other values pass through Weir unread.
constexpr http::FieldSet kRead{FieldId::content_length, FieldId::transfer_encoding,
                               FieldId::connection, FieldId::upgrade, FieldId::www_authenticate};

/// True if the name decides where the message ends, once the bytes that no name may have are taken
/// out.
bool hides_framing(std::string_view name) {
  constexpr std::string_view kNames[] = {"content-length", "transfer-encoding", "connection"};
  constexpr size_t kLongest = 17;
  char letters[kLongest];
  size_t size = 0;
  for (const char c : name) {
    if (!http::is_token_byte(c)) continue;
    if (size == sizeof letters) return false;
    letters[size++] = base::lower(c);
  }
  for (const std::string_view each : kNames) {
    if (std::string_view(letters, size) == each) return true;
  }
  return false;
}

}  // namespace

void FieldMender::restart() {
  const char* const mended = mended_;
  *this = {};
  mended_ = mended;
}

void FieldMender::begin_with(const Line& line) {
  by_feed_ = line.by_feed;
  if (by_feed_) mend("line-feed");
}

const char* FieldMender::check_end(const Line& line) const {
  if (line.by_feed == by_feed_) return nullptr;
  return "Some lines end in a line feed alone, and others with a carriage return before it.";
}

const char* FieldMender::take(const Line& line, http::Head& head) {
  const std::string_view text = line.view();
  // Some readers would end the head here.
  if (text.front() == '\r')
    return "A line begins with a carriage return that no line feed follows.";
  if (http::is_blank(text.front())) return take_fold(text, head);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return drop(text);
  size_t name_size = colon;
  // RFC 9112, 5.1: a proxy removes these blanks.
  while (name_size > 0 && http::is_blank(text[name_size - 1])) --name_size;
  if (!http::is_token(text.substr(0, name_size))) return drop(text.substr(0, colon));

  char* const copy = head.arena().allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  const std::string_view name(copy, name_size);
  const FieldId id = http::field_id_of(name);
  std::string_view value;
  if (const char* why = clean(copy + colon + 1, copy + text.size(), id, value)) return why;
  head.fields.add_in_place(name, value, id);
  dropped_ = false;
  return nullptr;
}

/// obs-fold (RFC 9112, 5.2): one blank replaces the line's end and the blanks around it.
const char* FieldMender::take_fold(std::string_view text, http::Head& head) {
  if (!dropped_ && head.fields.empty()) return "A folded line stands before the first field.";
  ++odd_lines_;
  if (dropped_) return nullptr;
  mend("fold");
  folded_ = true;
  const http::Field& last = head.fields.all().back();
  const std::string_view before = last.value();
  char* const joined = room_to_join(before, 1 + text.size(), head.arena());
  char* const after = joined + before.size();
  std::memcpy(after + 1, text.data(), text.size());
  std::string_view more;
  if (const char* why = clean(after + 1, after + 1 + text.size(), last.id, more)) return why;
  if (more.empty()) return nullptr;
  char* const to = before.empty() ? joined : after + 1;
  std::memmove(to, more.data(), more.size());
  if (!before.empty()) *after = ' ';
  head.fields.set_last_value({joined, static_cast<size_t>(to + more.size() - joined)});
  return nullptr;
}

/// Doubling keeps the copying proportional to the input, however many lines a value has.
char* FieldMender::room_to_join(std::string_view value, size_t more, http::Arena& arena) {
  if (value.data() == joined_ && joined_room_ - value.size() >= more) return joined_;
  joined_room_ = 2 * (value.size() + more);
  joined_ = arena.allocate(joined_room_);
  if (!value.empty()) std::memcpy(joined_, value.data(), value.size());
  return joined_;
}

const char* FieldMender::drop(std::string_view name) {
  if (hides_framing(name))
    return "A field name is Content-Length, Transfer-Encoding or Connection with bytes that names "
           "do not have.";
  ++odd_lines_;
  dropped_ = true;
  mend("field-line");
  return nullptr;
}

/// RFC 9110, 5.5: NUL and CR become a blank; other controls may stay in fields that Weir does not
/// decide by.
const char* FieldMender::clean(char* begin, char* end, FieldId id, std::string_view& value) {
  for (char* at = begin; (at += http::find_control(at, end) - at) < end; ++at) {
    if (*at == 0 || *at == '\r')
      *at = ' ';
    else if (kRead.has(id))
      return "A field that Weir decides by holds a control character.";
    mend("value");
  }
  value = base::trim({begin, static_cast<size_t>(end - begin)});
  return nullptr;
}

}  // namespace weir::http1
