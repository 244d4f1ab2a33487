#include "config/ready_rules.h"

#include "config/list_checks.h"
#include "config/rule_checks.h"
#include "net/stream/this_machine.h"
#include "policy/presets.h"

namespace weir::config {

base::TimeZone zone_of(const Config& config) {
  // The configuration was read, so there is such a zone; if the file of the zone has gone since,
  // the machine's zone is better than none.
  const auto zone = base::TimeZone::named(config.policy.time_zone);
  return zone ? *zone : *base::TimeZone::named("");
}

policy::Compiled compile_rules(const Config& config, const policy::Directory& directory) {
  const auto rules = policy::with_presets(config.rules, config.policy.presets);
  std::vector<std::string> places;
  for (const policy::RuleConfig& rule : rules) places.push_back(rule.place);
  policy::Compiled compiled = policy::compile(rules, places, directory, list_names(config));
  compiled.table.allow_by_default = config.policy.allow_by_default;
  compiled.opening = policy::OpeningPlan(config.opening);
  return compiled;
}

std::vector<base::Endpoint> listening(const Config& config) {
  std::vector<base::Endpoint> all;
  for (const ListenerConfig& listener : config.listeners) {
    for (const base::Endpoint& address : listener.addresses) {
      if (address.port != 0) all.push_back(address);
    }
  }
  return all;
}

std::shared_ptr<const policy::RuleSet> rules_of(const Config& config,
                                                std::shared_ptr<const policy::Lists> lists,
                                                policy::LocalTime now) {
  auto rules = std::make_shared<policy::RuleSet>();
  const policy::OwnAddresses own(listening(config), &net::is_this_machine);
  for (const ListenerConfig& listener : config.listeners) {
    rules->listeners.push_back(std::make_shared<const policy::ListenerRules>(
        listener.policy, is_reachable(listener), config.blocked_ports, own));
  }
  rules->house = std::make_shared<const policy::ListenerRules>(
      policy::ListenerRules::for_house({}, config.blocked_ports, own));
  policy::Directory directory(config.clients, listener_names(config));
  policy::Compiled compiled = compile_rules(config, directory);
  rules->book = policy::make_rulebook(std::move(compiled), std::move(directory), std::move(lists),
                                      now, config.policy.countries);
  return rules;
}

}  // namespace weir::config
