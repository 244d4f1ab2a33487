#include "http/outgoing_head.h"

namespace weir::http {

void OutgoingHead::replace(FieldId id, std::string_view value) {
  if (!head_.fields.has(id)) {
    if (id != FieldId::host) return add(id, value);
    first_ = {name_of(id), value};
    return;
  }
  replaced_ids_.add(id);
  replaced_[replaced_count_++] = {id, value};
}

}  // namespace weir::http
