// A request's head as the next hop gets it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/head.h"

namespace weir::http {

/// Edits of a request's head that leave the head itself as it is: the log, a second attempt and a
/// restart need what the client sent. Nothing is copied. Whoever writes the head asks for its lines
/// with for_each_line. The head, and the texts that edits are given, outlive this.
class OutgoingHead {
 public:
  static constexpr size_t kMostReplaced = 2, kMostAdded = 6;

  explicit OutgoingHead(const RequestHead& head) : head_(head) {}

  const RequestHead& head() const { return head_; }
  void leave_out(FieldId id) {
    left_out_.add(id);
    edited_.add(id);
  }
  /// The first line with that name keeps its place and gets this value; further ones are left out.
  /// Without such a line, one is added: as the first line, if it is Host (RFC 9110, 7.2).
  void replace(FieldId id, std::string_view value);
  void add(FieldId id, std::string_view value) {
    added_[added_count_++] = {name_of(id), value};
    count(name_of(id), value);
  }

  /// Calls `line` with the name and value of each line, in their order, and with whether both stand
  /// in memory as they are written, one behind the other with ": " between them.
  template <class Line>
  void for_each_line(Line line) const;
  /// What the edits add to the head's size when it is written, at most, with four bytes for each
  /// line besides its name and value.
  size_t size_of_edits() const { return size_; }

 private:
  struct Text {
    std::string_view name, value;
  };
  void count(std::string_view name, std::string_view value) {
    size_ += name.size() + value.size() + 4;
  }
  struct Replaced {
    FieldId id = FieldId::other;
    std::string_view value;
  };

  const RequestHead& head_;
  FieldSet left_out_;
  /// Left out or replaced: most lines are neither.
  FieldSet edited_;
  Text first_;
  size_t size_ = 0;
  uint8_t replaced_count_ = 0;
  uint8_t added_count_ = 0;
  std::array<Replaced, kMostReplaced> replaced_;
  std::array<Text, kMostAdded> added_;
};

template <class Line>
void OutgoingHead::for_each_line(Line line) const {
  if (!first_.name.empty()) line(first_.name, first_.value, false);
  FieldSet written;
  for (const Field& field : head_.fields.all()) {
    if (!edited_.has(field.id)) {
      line(field.name(), field.value(), field.is_as_written());
      continue;
    }
    if (left_out_.has(field.id) || written.has(field.id)) continue;
    written.add(field.id);
    const size_t which = replaced_[0].id == field.id ? 0 : 1;
    line(field.name(), replaced_[which].value, false);
  }
  for (size_t i = 0; i < added_count_; ++i) line(added_[i].name, added_[i].value, false);
}

}  // namespace weir::http
