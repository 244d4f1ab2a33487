// Compares what two rules have, without asking about any request.
#pragma once
#include <vector>

#include "match/site_pattern.h"
#include "match/url_pattern.h"
#include "policy/rule_config.h"

namespace weir::policy {

/// Every host that `inner` has, one of `outer` has.
bool covers(const std::vector<match::SitePattern>& outer, const match::SitePattern& inner);
/// Some host is in both.
bool meet(const match::SitePattern& site, const match::UrlPattern& url);
/// True if it can be proven that `outer` holds for every request for which `inner` does, and knows
/// it as early. False says nothing.
bool leaves_nothing(const RuleConfig& outer, const RuleConfig& inner);
/// Why the rule never holds, such as `what.not_host has all of its hosts`; empty: it may.
std::string why_never(const RuleConfig& rule);

}  // namespace weir::policy
