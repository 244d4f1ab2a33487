#include "match/host_name.h"

#include "base/ip.h"
#include "base/text.h"

namespace weir::match {

namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

bool may_stand_in_label(char c) {
  return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '_';
}

std::string_view fault_in_label(std::string_view label) {
  if (label.empty()) return "it has an empty part between dots";
  if (label.size() > kLongestLabel) return "a part between dots is longer than 63 characters";
  for (const char c : label) {
    if (c == '*') return "`*` stands only at the beginning, as `*.suffix`";
    if (static_cast<unsigned char>(c) >= 0x80)
      return "write an internationalised name in its xn-- form";
    if (!may_stand_in_label(c)) return "a name has letters, digits, `-`, `_` and dots only";
  }
  return {};
}

}  // namespace

std::string normal_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::to_lower(host);
}

std::string_view fault_in_name(std::string_view name) {
  if (name.empty()) return "it has no name";
  if (name.size() > kLongestName) return "it is longer than 253 characters";
  if (base::IpAddress::parse(name)) return "it is an address, and names alone stand here";
  if (name.find_first_not_of("0123456789.") == std::string_view::npos)
    return "it is neither a name nor an address";
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (const std::string_view fault = fault_in_label(label); !fault.empty()) return fault;
    if (label.size() == name.size()) return {};
    name.remove_prefix(label.size() + 1);
  }
}

}  // namespace weir::match
