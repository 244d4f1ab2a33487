#include "http/chars.h"

#include "base/text.h"

namespace weir::http {

std::string_view take_list_element(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return base::trim(element);
}

}  // namespace weir::http
