#include "match/host_pattern.h"

#include "base/ip.h"
#include "base/text.h"

namespace weir::match {

namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

/// Lower-case, one trailing dot dropped.
std::string normal(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::to_lower(host);
}

/// The RFCs allow no underscores in host names, but many names in use have them.
bool may_stand_in_label(char c) {
  return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '_';
}

/// What is wrong with the name, empty if nothing.
std::string_view fault_in(std::string_view name) {
  if (name.empty()) return "it has no name";
  if (name.size() > kLongestName) return "it is longer than 253 characters";
  if (base::IpAddress::parse(name)) return "it is an address, and names alone stand here";
  if (name.find_first_not_of("0123456789.") == std::string_view::npos)
    return "it is neither a name nor an address";
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty()) return "it has an empty part between dots";
    if (label.size() > kLongestLabel) return "a part between dots is longer than 63 characters";
    for (const char c : label) {
      if (c == '*') return "`*` stands only at the beginning, as `*.suffix`";
      if (static_cast<unsigned char>(c) >= 0x80)
        return "write an internationalised name in its xn-- form";
      if (!may_stand_in_label(c)) return "a name has letters, digits, `-`, `_` and dots only";
    }
    if (label.size() == name.size()) return {};
    name.remove_prefix(label.size() + 1);
  }
}

}  // namespace

base::Result<HostPattern> HostPattern::parse(std::string_view text) {
  HostPattern pattern;
  std::string_view name = text;
  if (name.starts_with("*.")) {
    pattern.suffix_ = true;
    name.remove_prefix(2);
  }
  pattern.name_ = normal(name);
  if (const std::string_view fault = fault_in(pattern.name_); !fault.empty()) {
    return base::fail(
        base::ErrorType::proxy_configuration_error,
        '"' + std::string(text) + "\" is no host name or `*.suffix`: " + std::string(fault));
  }
  return pattern;
}

bool HostPattern::matches(std::string_view host) const {
  const std::string wanted = normal(host);
  if (!suffix_) return wanted == name_;
  return wanted.size() > name_.size() + 1 && wanted.ends_with(name_) &&
         wanted[wanted.size() - name_.size() - 1] == '.';
}

void HostPatterns::add(const HostPattern& pattern) {
  (pattern.is_suffix() ? suffixes_ : names_).insert(pattern.name());
}

bool HostPatterns::matches(std::string_view host) const {
  if (empty()) return false;
  const std::string wanted = normal(host);
  if (names_.contains(wanted)) return true;
  // A dot at the very beginning has no label before it.
  std::string_view rest = wanted;
  for (size_t dot = rest.find('.', 1); dot != std::string_view::npos; dot = rest.find('.')) {
    rest.remove_prefix(dot + 1);
    if (suffixes_.contains(rest)) return true;
  }
  return false;
}

}  // namespace weir::match
