#include "policy/rule_sets.h"

#include <algorithm>

namespace weir::policy {
namespace {

using match::SitePattern, match::UrlPattern;

bool is_below(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) &&
         name[name.size() - suffix.size() - 1] == '.';
}

/// Every element of `inner` is in `outer`.
template <class T>
bool within(const std::vector<T>& inner, const std::vector<T>& outer) {
  return std::ranges::all_of(
      inner, [&](const T& each) { return std::ranges::find(outer, each) != outer.end(); });
}

/// The same for the values of a key, where no value stands for all.
template <class T>
bool key_within(const std::vector<T>& inner, const std::vector<T>& outer) {
  return outer.empty() || (!inner.empty() && within(inner, outer));
}

bool hosts_within(const std::vector<SitePattern>& inner, const std::vector<SitePattern>& outer) {
  return std::ranges::all_of(inner, [&](const SitePattern& each) { return covers(outer, each); });
}

bool is_for_everyone(const RuleConfig& rule) {
  return rule.listeners.empty() && rule.clients.empty() && rule.users.empty() &&
         rule.groups.empty();
}

bool who_within(const RuleConfig& inner, const RuleConfig& outer) {
  if (is_for_everyone(outer)) return true;
  return !is_for_everyone(inner) && within(inner.listeners, outer.listeners) &&
         within(inner.clients, outer.clients) && within(inner.users, outer.users) &&
         within(inner.groups, outer.groups);
}

bool when_within(const Schedule& inner, const Schedule& outer) {
  if (outer.always()) return true;
  for (uint8_t weekday = 0; weekday < 7; ++weekday) {
    for (uint16_t minute = 0; minute < 24 * 60; ++minute) {
      if (inner.has({weekday, minute}) && !outer.has({weekday, minute})) return false;
    }
  }
  return true;
}

/// No key but those of which leaves_nothing() knows what they have.
bool has_plain_keys_alone(const RuleConfig& rule) {
  const WhatConfig& what = rule.what;
  return rule.but_not == WhatConfig() && what.urls.empty() && what.kinds.empty() &&
         what.lists.empty() && what.categories.empty() && what.content_types.empty() &&
         what.addresses.empty() && what.countries.empty() && rule.size_over == 0 &&
         !rule.sni_missing;
}

/// All values of a key are subtracted again.
template <class T>
bool subtracted(const std::vector<T>& what, const std::vector<T>& but_not) {
  return !what.empty() && within(what, but_not);
}

bool networks_subtracted(const WhatConfig& what, const WhatConfig& but_not) {
  return !what.addresses.empty() &&
         std::ranges::all_of(what.addresses, [&](const base::Cidr& inner) {
           return std::ranges::any_of(but_not.addresses, [&](const base::Cidr& outer) {
             return outer.prefix() <= inner.prefix() && outer.contains(inner.address());
           });
         });
}

/// A host that the pattern has.
std::string some_host(const UrlPattern& url) {
  if (url.host().empty()) return "host";
  return url.below() ? "host." + url.host() : url.host();
}

bool fits(const UrlPattern& url, const WhatConfig& what, const WhatConfig& but_not) {
  const auto has_port = [&](uint16_t port) { return url.may_match(some_host(url), port); };
  const bool has_host =
      what.hosts.empty() ||
      std::ranges::any_of(what.hosts, [&](const SitePattern& each) { return meet(each, url); });
  if (!has_host) return false;
  if (!what.ports.empty() && !std::ranges::any_of(what.ports, has_port)) return false;
  return std::ranges::find(but_not.urls, url) == but_not.urls.end();
}

}  // namespace

bool covers(const std::vector<SitePattern>& outer, const SitePattern& inner) {
  const auto any = [&](auto has) { return std::ranges::any_of(outer, has); };
  if (any([](const SitePattern& each) { return each.every(); })) return true;
  if (inner.every()) return false;
  const auto below = [&](const SitePattern& each) {
    return each.below() && is_below(inner.name(), each.name());
  };
  if (any(below)) return true;
  const bool itself = !inner.itself() || any([&](const SitePattern& each) {
    return each.itself() && each.name() == inner.name();
  });
  const bool what_is_below = !inner.below() || any([&](const SitePattern& each) {
    return each.below() && each.name() == inner.name();
  });
  return itself && what_is_below;
}

bool meet(const SitePattern& site, const UrlPattern& url) {
  if (site.every() || url.host().empty()) return true;
  const std::string& name = url.host();
  if (site.itself() && (url.below() ? is_below(site.name(), name) : site.name() == name))
    return true;
  if (!site.below()) return false;
  if (is_below(name, site.name())) return true;
  return url.below() && (site.name() == name || is_below(site.name(), name));
}

bool leaves_nothing(const RuleConfig& outer, const RuleConfig& inner) {
  if (outer.audit || (outer.action != Action::allow && outer.action != Action::deny)) return false;
  if (!decides(inner.action) || !has_plain_keys_alone(outer)) return false;
  return who_within(inner, outer) && key_within(inner.what.ports, outer.what.ports) &&
         key_within(inner.what.methods, outer.what.methods) &&
         (outer.what.hosts.empty() ||
          (!inner.what.hosts.empty() && hosts_within(inner.what.hosts, outer.what.hosts))) &&
         when_within(inner.when, outer.when);
}

std::string why_never(const RuleConfig& rule) {
  const WhatConfig& what = rule.what;
  const WhatConfig& but_not = rule.but_not;
  const auto all_of = [](std::string_view key) {
    return "what.not_" + std::string(key) + " has all that what." + std::string(key) + " has";
  };
  const bool no_host = std::ranges::any_of(but_not.hosts, &SitePattern::every);
  if (no_host || (!what.hosts.empty() && hosts_within(what.hosts, but_not.hosts)))
    return no_host ? "what.not_host has every host" : all_of("host");
  if (subtracted(what.ports, but_not.ports)) return all_of("port");
  if (subtracted(what.methods, but_not.methods)) return all_of("method");
  if (subtracted(what.kinds, but_not.kinds)) return all_of("type");
  if (subtracted(what.lists, but_not.lists) && what.categories.empty()) return all_of("list");
  if (subtracted(what.content_types, but_not.content_types)) return all_of("content_type");
  if (subtracted(what.countries, but_not.countries)) return all_of("country");
  if (networks_subtracted(what, but_not)) return all_of("address");
  if (!what.urls.empty() && std::ranges::none_of(what.urls, [&](const UrlPattern& each) {
        return fits(each, what, but_not);
      }))
    return "no URL in what.url has what.host and what.port";
  const bool asks_inside = !what.urls.empty() || !what.methods.empty() || !what.kinds.empty() ||
                           !what.content_types.empty() || rule.size_over > 0;
  if (rule.sni_missing && asks_inside)
    return "what.sni_missing is about tunnels, of which the other keys of what are never known";
  return {};
}

}  // namespace weir::policy
