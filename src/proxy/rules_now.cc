#include "proxy/rules_now.h"

#include <algorithm>

#include "base/clock.h"
#include "config/ready_rules.h"

namespace weir::proxy {

policy::LocalTime local_time_now(const Config& config) {
  const base::WallTime wall = config::zone_of(config).at(base::wall_seconds());
  return {.weekday = wall.weekday, .minute = wall.minute};
}

uint32_t day_now(const Config& config) {
  return static_cast<uint32_t>(
      std::max<int64_t>(0, config::zone_of(config).at(base::wall_seconds()).day));
}

std::string local_text(const Config& config, int64_t wall_seconds) {
  return config::zone_of(config).text(wall_seconds);
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
