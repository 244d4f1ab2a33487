#include "match/host_pattern.h"

#include "match/host_name.h"

namespace weir::match {

base::Result<HostPattern> HostPattern::parse(std::string_view text) {
  HostPattern pattern;
  std::string_view name = text;
  if (name.starts_with("*.")) {
    pattern.suffix_ = true;
    name.remove_prefix(2);
  }
  pattern.name_ = normal_name(name);
  if (const std::string_view fault = fault_in_name(pattern.name_); !fault.empty()) {
    return base::fail(
        base::ErrorType::proxy_configuration_error,
        '"' + std::string(text) + "\" is no host name or `*.suffix`: " + std::string(fault));
  }
  return pattern;
}

bool HostPattern::matches(std::string_view host) const {
  const std::string wanted = normal_name(host);
  if (!suffix_) return wanted == name_;
  return wanted.size() > name_.size() + 1 && wanted.ends_with(name_) &&
         wanted[wanted.size() - name_.size() - 1] == '.';
}

void HostPatterns::add(const HostPattern& pattern) {
  (pattern.is_suffix() ? suffixes_ : names_).insert(pattern.name());
}

bool HostPatterns::matches(std::string_view host) const {
  if (empty()) return false;
  const std::string wanted = normal_name(host);
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
