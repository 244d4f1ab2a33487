// Finds mistakes in rules that no single value shows.
#pragma once
#include <string>
#include <vector>

#include "config/config.h"
#include "config/sources.h"

namespace weir::config {

/// Notes in each rule where it is written, and completes its hours; adds what conflicts, and names
/// that nobody has.
void check_rules(Config& config, const Sources& sources, Mistakes& mistakes);

/// What in the rules and in `[intercept]` is allowed and surely not meant, a line each:
/// `weir.toml:31: rule "x" never decides: ...`.
std::vector<std::string> remarks_on_rules(const Config& config, const Sources& sources,
                                          const Mistakes& mistakes);

/// The listeners' names and groups, as rules know them.
std::vector<policy::ListenerName> listener_names(const Config& config);

}  // namespace weir::config
