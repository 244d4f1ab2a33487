// The owner's rules as they hold at this moment.
#pragma once
#include <memory>
#include <vector>

#include "policy/decide.h"
#include "proxy/config.h"

namespace weir::proxy {

/// The time in `policy.time_zone`.
policy::LocalTime local_time_now(const Config& config);

/// `listeners` by their numbers; `lists` may be null. Null if nothing has to be asked.
std::shared_ptr<const policy::Rulebook> make_rulebook_now(
    const Config& config, const std::vector<policy::ListenerName>& listeners,
    std::shared_ptr<const policy::Lists> lists);

}  // namespace weir::proxy
