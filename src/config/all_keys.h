// The keys of all folders: what Weir's configuration file may have.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/schema.h"

namespace weir::config {

inline constexpr std::string_view kListener = "listener";

/// Keys of [[listener]] are stored in a ListenerConfig, all others in a Config.
const Schema& all_keys();

/// The keys that need a restart and differ between `before` and `now`, as Schema::full_name()
/// writes them. Keys of [[listener]] never need one.
std::vector<std::string> changed_until_restart(const Config& before, const Config& now);

}  // namespace weir::config
