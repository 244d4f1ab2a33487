#include "policy/opening_plan.h"

#include <algorithm>
#include <array>

#include "match/address_class.h"
#include "policy/bypass.h"

namespace weir::policy {
namespace {

match::SitePatterns patterns_of(const std::vector<match::SitePattern>& sites) {
  match::SitePatterns patterns;
  for (const match::SitePattern& each : sites) patterns.add(each);
  return patterns;
}

match::SitePatterns shipped(std::string_view kind) {
  match::SitePatterns patterns;
  for (const BypassEntry& each : shipped_bypass()) {
    if (each.kind != kind) continue;
    if (const auto pattern = match::SitePattern::parse(each.suffix)) patterns.add(*pattern);
  }
  return patterns;
}

}  // namespace

OpeningPlan::OpeningPlan(const OpeningConfig& config)
    : mode_(config.mode),
      sni_(config.sni),
      on_reject_(config.on_reject),
      hosts_(patterns_of(config.hosts)),
      bad_origins_(patterns_of(config.bad_origin_tunnel)) {
  if (!on()) return;
  if (!config.bypass.empty()) bypasses_.push_back({"intercept.bypass", patterns_of(config.bypass)});
  for (const std::string& kind : config.bypass_kinds)
    bypasses_.push_back({"bypass:" + kind, shipped(kind)});
}

std::string_view OpeningPlan::bypassed(std::string_view host, bool literal) const {
  const auto found = std::ranges::find_if(
      bypasses_, [&](const Bypass& each) { return each.hosts.matches(host, literal); });
  return found == bypasses_.end() ? std::string_view() : found->why;
}

OpeningPlan::Said OpeningPlan::of(std::string_view host, bool literal) const {
  if (!on()) return {};
  const bool named = hosts_.matches(host, literal);
  if (mode_ == OpeningMode::only) return named ? Said{true, "intercept.hosts"} : Said{false, ""};
  if (named) return {false, "intercept.hosts"};
  if (is_own_network(host, literal)) return {false, "own network"};
  return {true, "intercept.mode"};
}

bool is_own_network(std::string_view host, bool literal) {
  if (literal) {
    const auto address = base::IpAddress::parse(host);
    return address && match::classify(*address) != match::AddressClass::public_;
  }
  constexpr auto kOwn =
      std::to_array<std::string_view>({".local", ".lan", ".internal", ".localhost", ".home.arpa"});
  return !host.contains('.') || host == "home.arpa" ||
         std::ranges::any_of(kOwn, [&](std::string_view end) { return host.ends_with(end); });
}

}  // namespace weir::policy
