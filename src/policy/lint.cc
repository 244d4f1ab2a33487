#include "policy/lint.h"

#include <algorithm>

#include "policy/opening_lint.h"
#include "policy/rule_sets.h"

namespace weir::policy {
namespace {

std::string named(const RuleConfig& rule) {
  return "rule \"" + rule.name + '"';
}

/// The keys that no part of a tunnel shows.
std::string keys_inside(const RuleConfig& rule) {
  std::string keys;
  const auto add = [&](bool there, std::string_view key) {
    if (there) keys.append(keys.empty() ? "what." : ", what.").append(key);
  };
  const auto add_both = [&](std::string_view key, std::string_view not_key, auto member) {
    add(!(rule.what.*member).empty(), key);
    add(!(rule.but_not.*member).empty(), not_key);
  };
  add_both("url", "not_url", &WhatConfig::urls);
  add_both("method", "not_method", &WhatConfig::methods);
  add_both("type", "not_type", &WhatConfig::kinds);
  add_both("content_type", "not_content_type", &WhatConfig::content_types);
  add(rule.size_over > 0, "size_over");
  return keys;
}

/// The rule is about plain requests alone, as it says itself.
bool is_plain_alone(const RuleConfig& rule) {
  if (rule.what.ports == std::vector<uint16_t>{80}) return true;
  return !rule.what.urls.empty() &&
         std::ranges::none_of(rule.what.urls, &match::UrlPattern::may_be_https);
}

bool is_https_alone(const RuleConfig& rule) {
  return !rule.what.urls.empty() &&
         std::ranges::none_of(rule.what.urls, &match::UrlPattern::may_be_http);
}

std::string remark_on_tunnels(const RuleConfig& rule, const std::vector<RuleConfig>& rules,
                              const OpeningConfig& opening) {
  const std::string keys = keys_inside(rule);
  if (keys.empty() || rule.sni_missing || is_plain_alone(rule)) return {};
  const std::string why = why_unopened(rule, rules, opening);
  if (why.empty()) return {};
  const bool allows = rule.action == Action::allow;
  const bool limits = rule.action == Action::limit;
  if (is_https_alone(rule)) {
    return " never " +
           std::string(allows   ? "allows"
                       : limits ? "limits"
                                : "denies") +
           " anything: it has https:// URLs alone, and " + why;
  }
  return (allows ? " allows no https: a CONNECT does not show "
                 : std::string(limits ? " limits" : " closes") +
                       " nothing inside https: a tunnel does not show ") +
         keys + ", and " + why;
}

std::string remark_on_opening(const RuleConfig& rule, const OpeningConfig& opening) {
  if (rule.action != Action::open) return {};
  const std::string why = why_opens_nothing(rule, opening);
  return why.empty() ? why : " opens nothing: " + why;
}

/// The rules in the order in which they are asked.
std::vector<size_t> asking_order(const std::vector<RuleConfig>& rules) {
  std::vector<size_t> order;
  for (const bool guard : {true, false}) {
    for (size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].guard == guard) order.push_back(i);
    }
  }
  return order;
}

std::string remark_on_shadow(const std::vector<RuleConfig>& rules, const std::vector<size_t>& order,
                             size_t number) {
  for (const size_t above : order) {
    if (above == number) break;
    const RuleConfig& outer = rules[above];
    if (!leaves_nothing(outer, rules[number])) continue;
    return " never decides: " + named(outer) +
           (outer.place.empty() ? "" : " (" + outer.place + ")") +
           " is asked before it, and has all that it has";
  }
  return {};
}

}  // namespace

std::vector<Remark> remarks_on(const std::vector<RuleConfig>& rules, bool default_written,
                               const OpeningConfig& opening) {
  std::vector<Remark> remarks;
  const std::vector<size_t> order = asking_order(rules);
  bool default_told = default_written;
  for (size_t i = 0; i < rules.size(); ++i) {
    const RuleConfig& rule = rules[i];
    const auto add = [&](const std::string& text) {
      if (!text.empty()) remarks.push_back({i, named(rule) + text});
    };
    if (const std::string why = why_never(rule); !why.empty()) {
      add(" never holds: " + why);
    } else {
      add(remark_on_shadow(rules, order, i));
      add(remark_on_tunnels(rule, rules, opening));
      add(remark_on_opening(rule, opening));
    }
    if (rule.action != Action::allow || rule.audit || default_told) continue;
    add(" allows, and policy.default is not written: what no rule has is allowed too; write "
        "default = \"deny\" or default = \"allow\" into [policy]");
    default_told = true;
  }
  return remarks;
}

}  // namespace weir::policy
