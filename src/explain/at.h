// The time that a question names.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "base/time_zone.h"
#include "policy/schedule.h"

namespace weir::explain {

/// `Mon 20:10`, in the time zone of the rules; or RFC 3339, such as `2026-11-30T20:10:00+01:00`,
/// which is brought into `zone`. The error is a text for a person.
std::expected<policy::LocalTime, std::string> parse_at(std::string_view text,
                                                       const base::TimeZone& zone);

}  // namespace weir::explain
