#include "config/rule_checks.h"

#include <algorithm>
#include <map>

#include "config/list_checks.h"
#include "policy/compile.h"
#include "policy/lint.h"
#include "policy/opening_lint.h"

namespace weir::config {
namespace {

class RuleChecks {
 public:
  RuleChecks(Config& config, const Sources& sources, Mistakes& mistakes)
      : config_(config), sources_(sources), mistakes_(mistakes) {}

  void run() {
    const auto tables = sources_.tables("rule");
    for (size_t i = 0; i < tables.size(); ++i) {
      policy::RuleConfig& rule = config_.rules[i];
      rule.place = mistakes_.line_of(tables[i].at);
      check_name(rule, tables[i]);
      check_lists(tables[i]);
      complete_hours(rule, tables[i]);
      check_action(rule, tables[i]);
      check_countries(rule, tables[i]);
      check_lists_over_http(rule, tables[i]);
    }
    for (size_t i = 0; i < config_.clients.size(); ++i) {
      if (config_.clients[i].name.empty()) no_name(sources_.tables("client")[i]);
    }
    check_names();
    check_presets();
    check_groups();
  }

 private:
  const Place& place_of(const TableSource& table, std::string_view key) const {
    const ValueSource* const value = Sources::find(table, key);
    return value ? value->at : table.at;
  }

  /// That the key is not there is told already.
  void no_name(const TableSource& table) {
    if (Sources::find(table, "name"))
      mistakes_.add(place_of(table, "name"), "name is empty", "a name");
  }

  void check_name(const policy::RuleConfig& rule, const TableSource& table) {
    const Place& at = place_of(table, "name");
    if (rule.name.empty()) return no_name(table);
    const auto [known, is_new] = names_.try_emplace(rule.name, at);
    if (!is_new) {
      mistakes_.add(
          at, "name is " + in_quotes(rule.name) + ", as in " + mistakes_.text_of(known->second),
          "another name for each rule");
    }
  }

  /// Without a value the key would not be there, and the rule would have everything: whoever writes
  /// `[]` means nothing.
  void check_lists(const TableSource& table) {
    for (const auto& [key, value] : table.values) {
      if (!value.is_empty_list) continue;
      mistakes_.add(value.at, key + " is []", "at least one, or no such key: it then has all");
    }
  }

  /// `when = { days, from, to }` is one more span of hours.
  void complete_hours(policy::RuleConfig& rule, const TableSource& table) {
    if (rule.days.empty() && rule.from.empty() && rule.to_time.empty()) return;
    const auto hours = policy::Hours::parse(rule.days, rule.from, rule.to_time);
    if (hours) {
      rule.when.add(*hours);
      return;
    }
    for (const std::string_view key : {"when.days", "when.from", "when.to"}) {
      if (!Sources::find(table, key)) continue;
      mistakes_.add(place_of(table, key), std::string(hours.error().detail()),
                    "days such as \"mon-fri\", and times such as \"16:00\"");
      return;
    }
  }

  void check_action(const policy::RuleConfig& rule, const TableSource& table) {
    const bool has_lists = !rule.what.lists.empty() || !rule.what.categories.empty();
    if (rule.action == policy::Action::filter && !has_lists) {
      mistakes_.add(place_of(table, "action"), "action is \"filter\", and what has no list",
                    "lists whose verdict is taken, such as what = { category = [\"ads\"] }");
    }
    const bool has_to = Sources::find(table, "to") != nullptr;
    if (has_to != (rule.action == policy::Action::redirect)) {
      mistakes_.add(place_of(table, has_to ? "to" : "action"),
                    has_to ? "there is a `to` where action is not \"redirect\""
                           : "action is \"redirect\", and there is no `to`",
                    "both or none");
    }
    const bool is_limit = rule.action == policy::Action::limit;
    if (rule.guard && (rule.action == policy::Action::allow || !decides(rule.action))) {
      mistakes_.add(place_of(table, "guard"),
                    "guard is true where action is " + in_quotes(policy::name_of(rule.action)),
                    "a guard that denies: it closes what nothing opens again");
    }
    const bool has_limit = rule.rate != 0 || rule.bytes_per_day != 0;
    if (has_limit != is_limit) {
      const char* const key = !has_limit ? "action" : rule.rate != 0 ? "rate" : "bytes_per_day";
      mistakes_.add(place_of(table, key),
                    has_limit
                        ? std::string("there is a `") + key + "` where action is not \"limit\""
                        : "action is \"limit\", and there is nothing that is limited",
                    "action = \"limit\" with rate, bytes_per_day or both");
    }
    check_opening(rule, table);
    if (is_limit && rule.audit) {
      mistakes_.add(place_of(table, "mode"), "mode is \"audit\" where action is \"limit\"",
                    "mode = \"enforce\": nothing is noted of limits");
    }
  }

  /// Whether TLS is opened is decided before anything inside is known, and may be asked before it
  /// is known where it leads.
  void check_opening(const policy::RuleConfig& rule, const TableSource& table) {
    const bool opens = rule.action == policy::Action::open;
    if (rule.on_reject != policy::OnReject::unset && !opens) {
      mistakes_.add(place_of(table, "on_reject"), "on_reject is there where action is not \"open\"",
                    "on_reject in rules that open, or in [intercept]");
    }
    if (!opens && rule.action != policy::Action::tunnel) return;
    for (const std::string_view key : {"url", "method", "type", "content_type", "size_over",
                                       "address", "country", "sni_missing"}) {
      for (const std::string& each : {"what." + std::string(key), "what.not_" + std::string(key)}) {
        if (!Sources::find(table, each)) continue;
        mistakes_.add(place_of(table, each),
                      each + " is there where action is " + in_quotes(policy::name_of(rule.action)),
                      "host, port, list and category alone: nothing else is known in time");
      }
    }
  }

  /// What comes over http may be anybody's, so it may close something and open nothing. Nor may it
  /// hide from other rules what they would see.
  void check_lists_over_http(const policy::RuleConfig& rule, const TableSource& table) {
    const bool allows =
        rule.action == policy::Action::allow || rule.action == policy::Action::tunnel;
    const policy::WhatConfig& opens = allows ? rule.what : rule.but_not;
    const std::string prefix = allows ? "what." : "what.not_";
    for (const auto& [name, list] : config_.lists) {
      if (!lists::comes_over_http(list)) continue;
      complain(table, prefix + "list", opens.lists, name, "which comes over http://");
      if (list.category.empty()) continue;
      complain(table, prefix + "category", opens.categories, list.category,
               "and the list " + in_quotes(name) + " comes over http://");
    }
  }

  void complain(const TableSource& table, const std::string& key,
                const std::vector<std::string>& values, const std::string& name,
                const std::string& why) {
    const ValueSource* const value = Sources::find(table, key);
    for (size_t i = 0; value && i < std::min(values.size(), value->elements.size()); ++i) {
      if (values[i] != name) continue;
      mistakes_.add(value->elements[i], key + " has " + in_quotes(name) + ", " + why,
                    "a list whose lines nobody on the way can change, where it opens something");
    }
  }

  void check_countries(const policy::RuleConfig& rule, const TableSource& table) {
    if (!config_.policy.geo.empty()) return;
    for (const auto& [key, what] :
         {std::pair("what.country", &rule.what), std::pair("what.not_country", &rule.but_not)}) {
      if (what->countries.empty()) continue;
      mistakes_.add(place_of(table, key),
                    std::string(key) + " is there, and nothing tells countries",
                    "geo in [policy], with the path of a file such as GeoLite2-Country.mmdb");
    }
  }

  void check_names() {
    const policy::Directory directory(config_.clients, listener_names(config_));
    const std::vector<std::string> places(config_.rules.size());
    const auto compiled = policy::compile(config_.rules, places, directory, list_names(config_));
    const auto tables = sources_.tables("rule");
    for (const policy::UnknownName& each : compiled.unknown) {
      const ValueSource* const value = Sources::find(tables[each.rule], each.key);
      const Place& at = value && each.element < value->elements.size()
                            ? value->elements[each.element]
                            : tables[each.rule].at;
      mistakes_.add(
          at, std::string(each.key) + " has " + in_quotes(each.name) + ", which nothing is called",
          "a name that is given somewhere");
    }
  }

  void check_presets() {
    const ValueSource* const value = sources_.find("policy", "presets");
    const std::vector<std::string>& presets = config_.policy.presets;
    for (size_t i = 0; value && i < std::min(presets.size(), value->elements.size()); ++i) {
      const auto is_of_it = [&](const auto& list) { return list.second.category == presets[i]; };
      if (std::ranges::any_of(config_.lists, is_of_it)) continue;
      mistakes_.add(value->elements[i],
                    "presets has " + in_quotes(presets[i]) + ", and no list has that category",
                    "a [lists.NAME] with category = " + in_quotes(presets[i]) +
                        ", or include = [\"lists.toml\"] with that file of Weir's examples");
    }
  }

  void check_groups() {
    const policy::Directory directory(config_.clients, listener_names(config_));
    if (directory.groups() <= policy::Directory::kMostGroups) return;
    mistakes_.add(sources_.tables("client").front().at,
                  "there are " + std::to_string(directory.groups()) + " groups", "at most 64");
  }

  Config& config_;
  const Sources& sources_;
  Mistakes& mistakes_;
  std::map<std::string, Place, std::less<>> names_;
};

}  // namespace

void check_rules(Config& config, const Sources& sources, Mistakes& mistakes) {
  RuleChecks(config, sources, mistakes).run();
}

std::vector<std::string> remarks_on_rules(const Config& config, const Sources& sources,
                                          const Mistakes& mistakes) {
  const bool default_written = sources.find("policy", "default") != nullptr;
  std::vector<std::string> lines;
  for (const policy::OpeningRemark& each : policy::remarks_on(config.opening, config.rules)) {
    const ValueSource* const hosts = sources.find("intercept", "hosts");
    const bool known = each.host && hosts && *each.host < hosts->elements.size();
    const Place& at = known ? hosts->elements[*each.host] : sources.tables("intercept").front().at;
    lines.push_back(without_controls(mistakes.line_of(at) + ": [intercept] " + each.text));
  }
  for (const policy::Remark& each :
       policy::remarks_on(config.rules, default_written, config.opening))
    lines.push_back(without_controls(config.rules[each.rule].place + ": " + each.text));
  return lines;
}

std::vector<policy::ListenerName> listener_names(const Config& config) {
  std::vector<policy::ListenerName> names;
  for (const ListenerConfig& each : config.listeners) names.push_back({each.name, each.groups});
  return names;
}

}  // namespace weir::config
