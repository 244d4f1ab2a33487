// The owner's rules as they hold at this moment.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/grants.h"
#include "proxy/config.h"

namespace weir::proxy {

/// The time in `policy.time_zone`.
policy::LocalTime local_time_now(const Config& config);

/// `2026-11-30 19:05`, in that zone.
std::string local_text(const Config& config, int64_t wall_seconds);

/// `listeners` by their numbers; `lists` may be null. Null if nothing has to be asked.
std::shared_ptr<const policy::Rulebook> make_rulebook_now(
    const Config& config, const std::vector<policy::ListenerName>& listeners,
    std::shared_ptr<const policy::Lists> lists, const policy::Grants& grants);

}  // namespace weir::proxy
