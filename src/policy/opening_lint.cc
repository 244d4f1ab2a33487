#include "policy/opening_lint.h"

#include <algorithm>

#include "policy/bypass.h"
#include "policy/rule_sets.h"

namespace weir::policy {
namespace {

using match::SitePattern;
using Sites = std::vector<SitePattern>;

SitePattern site_of(const match::UrlPattern& url) {
  const std::string text = url.host().empty() ? "*" : (url.below() ? "*." : "=") + url.host();
  auto site = SitePattern::parse(text);
  if (!site) site = SitePattern::parse(url.host());
  return site ? *site : *SitePattern::parse("*");
}

/// What the rule names; `*` if it names nothing.
Sites sites_of(const RuleConfig& rule) {
  if (!rule.what.hosts.empty()) return rule.what.hosts;
  Sites sites;
  for (const match::UrlPattern& each : rule.what.urls) sites.push_back(site_of(each));
  if (sites.empty()) sites.push_back(*SitePattern::parse("*"));
  return sites;
}

/// Hosts are a tree, and each pattern a part of it: of two that meet, one has the other.
bool meet_each_other(const SitePattern& one, const SitePattern& other) {
  return covers({one}, other) || covers({other}, one);
}

bool meets_any(const SitePattern& site, const Sites& sites) {
  return std::ranges::any_of(sites,
                             [&](const SitePattern& each) { return meet_each_other(site, each); });
}

/// The line of the shipped list that has the whole site.
const BypassEntry* shipped_for(const OpeningConfig& opening, const SitePattern& site) {
  for (const BypassEntry& each : shipped_bypass()) {
    if (std::ranges::find(opening.bypass_kinds, each.kind) == opening.bypass_kinds.end()) continue;
    const auto pattern = SitePattern::parse(each.suffix);
    if (pattern && covers({*pattern}, site)) return &each;
  }
  return nullptr;
}

bool is_bypassed(const OpeningConfig& opening, const SitePattern& site) {
  return covers(opening.bypass, site) || shipped_for(opening, site);
}

bool some_rule_opens(const std::vector<RuleConfig>& rules, const SitePattern& site) {
  return std::ranges::any_of(rules, [&](const RuleConfig& each) {
    return each.action == Action::open && !each.audit && meets_any(site, sites_of(each));
  });
}

bool may_be_opened(const SitePattern& site, const std::vector<RuleConfig>& rules,
                   const OpeningConfig& opening) {
  if (is_bypassed(opening, site)) return false;
  const bool by_mode = opening.mode == OpeningMode::only ? meets_any(site, opening.hosts)
                                                         : !covers(opening.hosts, site);
  return by_mode || some_rule_opens(rules, site);
}

constexpr std::string_view kOff = "intercept.mode is \"off\"";

}  // namespace

std::string why_unopened(const RuleConfig& rule, const std::vector<RuleConfig>& rules,
                         const OpeningConfig& opening) {
  if (opening.mode == OpeningMode::off) return std::string(kOff);
  const bool some = std::ranges::any_of(
      sites_of(rule), [&](const SitePattern& each) { return may_be_opened(each, rules, opening); });
  return some ? std::string() : "none of its hosts is opened";
}

std::string why_opens_nothing(const RuleConfig& rule, const OpeningConfig& opening) {
  if (opening.mode == OpeningMode::off) return std::string(kOff);
  const bool all = std::ranges::all_of(
      sites_of(rule), [&](const SitePattern& each) { return is_bypassed(opening, each); });
  return all ? "none of its hosts is ever opened (intercept.bypass, bypass_kinds)" : std::string();
}

std::vector<OpeningRemark> remarks_on(const OpeningConfig& opening,
                                      const std::vector<RuleConfig>& rules) {
  std::vector<OpeningRemark> remarks;
  if (opening.mode == OpeningMode::off && !opening.hosts.empty())
    remarks.push_back({{}, "hosts says nothing: " + std::string(kOff)});
  if (opening.mode != OpeningMode::only) return remarks;
  if (opening.hosts.empty() && !some_rule_opens(rules, *SitePattern::parse("*")))
    remarks.push_back({{},
                       "mode is \"only\", and there are no hosts and no rule that opens: "
                       "nothing is opened"});
  for (size_t i = 0; i < opening.hosts.size(); ++i) {
    const SitePattern& host = opening.hosts[i];
    const std::string never = "hosts has \"" + host.text() + "\", which is never opened: ";
    if (covers(opening.bypass, host)) {
      remarks.push_back({i, never + "bypass has it too"});
    } else if (const BypassEntry* const entry = shipped_for(opening, host)) {
      remarks.push_back({i, never + "bypass_kinds has \"" + std::string(entry->kind) + "\" (" +
                                std::string(entry->reason) + ")"});
    }
  }
  return remarks;
}

}  // namespace weir::policy
