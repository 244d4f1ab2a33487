#include "policy/compile.h"

#include <algorithm>

#include "match/address_class.h"

namespace weir::policy {
namespace {

class RuleCompiler {
 public:
  RuleCompiler(const RuleConfig& rule, size_t number, const Directory& directory,
               const std::vector<ListName>& lists, std::vector<UnknownName>& unknown)
      : rule_(rule), number_(number), directory_(directory), lists_(lists), unknown_(unknown) {}

  Rule compile(std::string place) && {
    Rule made;
    made.name = rule_.name;
    made.place = std::move(place);
    made.when = rule_.when;
    made.action = rule_.action;
    made.audit = rule_.audit;
    made.to = rule_.to;
    made.rate = rule_.rate;
    made.bytes_per_day = rule_.bytes_per_day;
    made.on_reject = rule_.on_reject;
    Condition& condition = made.condition;
    condition.users = rule_.users;
    // Also where nobody has these names: a rule for nobody must not become one for everyone.
    condition.everyone = rule_.users.empty() && rule_.clients.empty() && rule_.listeners.empty() &&
                         rule_.groups.empty();
    numbers("who.client", rule_.clients, condition.clients,
            [&](const std::string& name) { return directory_.clients_named(name); });
    numbers("who.listener", rule_.listeners, condition.listeners,
            [&](const std::string& name) { return directory_.listeners_named(name); });
    for (size_t i = 0; i < rule_.groups.size(); ++i) {
      const uint64_t group = directory_.group_named(rule_.groups[i]);
      if (group == 0) unknown_.push_back({number_, "who.group", i, rule_.groups[i]});
      condition.groups |= group;
    }
    condition.what = what(rule_.what, "what.list", "what.category");
    condition.but_not = what(rule_.but_not, "what.not_list", "what.not_category");
    condition.what.doubts_client = condition.but_not.doubts_client = rule_.guard;
    if (rule_.size_over > 0) condition.size_over = rule_.size_over;
    condition.sni_missing = rule_.sni_missing;
    if (auto itself = match::UrlPattern::exactly(rule_.to.substr(0, rule_.to.find('#'))); itself)
      made.itself = *std::move(itself);
    return made;
  }

 private:
  template <class Find>
  void numbers(std::string_view key, const std::vector<std::string>& names,
               std::vector<uint32_t>& to, Find find) {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::vector<uint32_t> found = find(names[i]);
      if (found.empty()) unknown_.push_back({number_, key, i, names[i]});
      to.insert(to.end(), found.begin(), found.end());
    }
  }

  template <std::string ListName::* member>
  std::vector<uint32_t> lists_with(const std::string& name) const {
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < lists_.size(); ++i) {
      if (lists_[i].*member == name) found.push_back(i);
    }
    return found;
  }

  What what(const WhatConfig& config, std::string_view list_key, std::string_view category_key) {
    What made;
    for (const match::SitePattern& host : config.hosts) made.hosts.add(host);
    made.urls = config.urls;
    made.ports = config.ports;
    made.methods = config.methods;
    for (const ContentKind kind : config.kinds) made.kinds.add(kind);
    made.content_types = config.content_types;
    for (const base::Cidr& network : config.addresses)
      made.addresses.push_back(match::plain(network));
    made.countries = config.countries;
    // The same for a rule whose lists are not there.
    if (!config.lists.empty() || !config.categories.empty()) made.lists.push_back(kNoList);
    numbers(list_key, config.lists, made.lists,
            [this](const std::string& name) { return lists_with<&ListName::name>(name); });
    numbers(category_key, config.categories, made.lists,
            [this](const std::string& name) { return lists_with<&ListName::category>(name); });
    return made;
  }

  const RuleConfig& rule_;
  const size_t number_;
  const Directory& directory_;
  const std::vector<ListName>& lists_;
  std::vector<UnknownName>& unknown_;
};

}  // namespace

Compiled compile(const std::vector<RuleConfig>& rules, const std::vector<std::string>& places,
                 const Directory& directory, const std::vector<ListName>& lists) {
  Compiled compiled;
  for (size_t i = 0; i < rules.size(); ++i) {
    Rule rule = RuleCompiler(rules[i], i, directory, lists, compiled.unknown).compile(places[i]);
    Table& table = compiled.table;
    (rules[i].guard    ? table.guards
     : rules[i].preset ? table.presets
                       : table.rules)
        .push_back(std::move(rule));
  }
  return compiled;
}

}  // namespace weir::policy
