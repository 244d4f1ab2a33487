// The rules that a configuration describes, ready to be asked.
#pragma once
#include <memory>

#include "base/time_zone.h"
#include "config/config.h"
#include "policy/compile.h"
#include "policy/decide.h"

namespace weir::config {

/// The time zone of the rules.
base::TimeZone zone_of(const Config& config);

/// The `[[rule]]`s and the default as a table, and `[intercept]`.
policy::Compiled compile_rules(const Config& config, const policy::Directory& directory);

/// All rules of a configuration that no Weir runs with. The number of a listener is its place in
/// `listeners`. `lists` are those of the configuration. Without what somebody allowed or blocked at
/// run time, and without what clients have used of limits.
std::shared_ptr<const policy::RuleSet> rules_of(const Config& config,
                                                std::shared_ptr<const policy::Lists> lists,
                                                policy::LocalTime now);

/// The addresses that it listens on, of all listeners. A port 0 is left out: it is not known yet.
std::vector<base::Endpoint> listening(const Config& config);

}  // namespace weir::config
