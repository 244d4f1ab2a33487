#include "match/list_entry.h"

#include <numeric>

namespace weir::match {

std::string_view name_of(ListForm form) {
  static constexpr std::array<std::string_view, kListForms> kNames = {
      "names", "wildcards", "hosts", "dnsmasq", "zone", "ad-block hosts", "networks", "URLs"};
  return kNames[static_cast<size_t>(form)];
}

uint32_t ListReport::entries() const {
  return std::accumulate(taken.begin(), taken.end(), uint32_t{0});
}

}  // namespace weir::match
