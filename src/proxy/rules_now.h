// The owner's rules as they hold at this moment.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time_zone.h"
#include "policy/decide.h"
#include "policy/grants.h"
#include "proxy/config.h"

namespace weir::proxy {

/// The time in `policy.time_zone`.
policy::LocalTime local_time_now(const Config& config);

/// `2026-11-30 19:05`, in that zone.
std::string local_text(const Config& config, int64_t wall_seconds);

/// What rules refer to that no file of the configuration has.
struct BesideRules {
  /// Those of the configuration.
  std::shared_ptr<const policy::Lists> lists;
  const policy::Grants& grants;
  std::shared_ptr<policy::Usages> usages;
};

/// `listeners` by their numbers. Null if nothing has to be asked.
std::shared_ptr<const policy::Rulebook> make_rulebook_now(
    const Config& config, const std::vector<policy::ListenerName>& listeners, BesideRules beside);
/// Days since 1970-01-01 in that zone.
uint32_t day_now(const Config& config);

}  // namespace weir::proxy
