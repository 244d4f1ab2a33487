#include "http/outgoing_head.h"

namespace weir::http {

void OutgoingHead::replace(FieldId id, std::string_view value) {
  if (!head_.fields.has(id)) {
    if (id != FieldId::host) return add(id, value);
    first_ = {name_of(id), value};
    return count(name_of(id), value);
  }
  edited_.add(id);
  replaced_[replaced_count_++] = {id, value};
  size_ += value.size();  // The line's name, and its old value, are in the head's own size.
}

}  // namespace weir::http
