#include "match/site_pattern.h"

#include "base/ip.h"
#include "match/host_name.h"

namespace weir::match {

base::Result<SitePattern> SitePattern::parse(std::string_view text) {
  if (text == "*") return SitePattern({}, kBoth, false);
  std::string_view name = text;
  Reach reach = kBoth;
  if (name.starts_with('=')) {
    reach = kItself;
    name.remove_prefix(1);
  } else if (name.starts_with("*.")) {
    reach = kBelow;
    name.remove_prefix(2);
  }
  if (const auto address = base::IpAddress::parse(name); address && reach != kBelow)
    return SitePattern(address->unmapped().text(), kItself, true);
  std::string normal = normal_name(name);
  if (const std::string_view fault = fault_in_name(normal); !fault.empty()) {
    return base::fail(base::ErrorType::proxy_configuration_error,
                      '"' + std::string(text) +
                          "\" is no host, `=host`, `*.suffix` or `*`: " + std::string(fault));
  }
  return SitePattern(std::move(normal), reach, false);
}

std::string SitePattern::text() const {
  if (every()) return "*";
  if (address_ || reach_ == kBoth) return name_;
  return (reach_ == kItself ? "=" : "*.") + name_;
}

void SitePatterns::add(const SitePattern& pattern) {
  if (pattern.every()) {
    every_ = true;
    return;
  }
  Names& names = names_[pattern.name_];
  names.reach |= pattern.reach_;
  names.address = pattern.address_;
}

std::optional<SitePattern> SitePatterns::find(std::string_view host, bool literal) const {
  std::string_view name = host;
  for (uint8_t wanted = SitePattern::kItself; !names_.empty(); wanted = SitePattern::kBelow) {
    const auto found = names_.find(name);
    if (found != names_.end() && (found->second.reach & wanted) != 0) {
      return SitePattern(found->first, static_cast<SitePattern::Reach>(found->second.reach),
                         found->second.address);
    }
    const size_t dot = name.find('.');
    if (literal || dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  if (every_) return SitePattern({}, SitePattern::kBoth, false);
  return std::nullopt;
}

}  // namespace weir::match
