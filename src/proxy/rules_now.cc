#include "proxy/rules_now.h"

#include <algorithm>

#include "base/clock.h"
#include "config/ready_rules.h"

namespace weir::proxy {

base::TimeZone zone_of(const Config& config) {
  // The configuration was read, so there is such a zone; if the file of the zone has gone since,
  // the machine's zone is better than none.
  const auto zone = base::TimeZone::named(config.policy.time_zone);
  return zone ? *zone : *base::TimeZone::named("");
}

policy::LocalTime local_time_now(const Config& config) {
  const base::WallTime wall = zone_of(config).at(base::wall_seconds());
  return {.weekday = wall.weekday, .minute = wall.minute};
}

uint32_t day_now(const Config& config) {
  return static_cast<uint32_t>(std::max<int64_t>(0, zone_of(config).at(base::wall_seconds()).day));
}

std::string local_text(const Config& config, int64_t wall_seconds) {
  return zone_of(config).text(wall_seconds);
}

std::shared_ptr<const policy::Rulebook> make_rulebook_now(
    const Config& config, const std::vector<policy::ListenerName>& listeners, BesideRules beside) {
  policy::Directory directory(config.clients, listeners);
  policy::Compiled compiled = config::compile_rules(config, directory);
  beside.grants.add_to(compiled.table, directory);
  return policy::make_rulebook(std::move(compiled), std::move(directory), std::move(beside.lists),
                               local_time_now(config), config.policy.countries,
                               std::move(beside.usages));
}

}  // namespace weir::proxy
