#include "base/time_zone.h"

#include <cctz/time_zone.h>

namespace weir::base {

struct TimeZone::Zone {
  cctz::time_zone zone;
  std::string name;
};

std::optional<TimeZone> TimeZone::named(const std::string& name) {
  auto zone = std::make_shared<Zone>();
  if (name.empty()) {
    zone->zone = cctz::local_time_zone();
  } else if (name.starts_with('/') || name.find("..") != std::string::npos ||
             !cctz::load_time_zone(name, &zone->zone)) {
    // The database's own names are relative; a path could name any file.
    return std::nullopt;
  }
  zone->name = name.empty() ? zone->zone.name() : name;
  return TimeZone(std::move(zone));
}

namespace {
cctz::time_point<cctz::seconds> moment(int64_t wall_seconds) {
  return cctz::time_point<cctz::seconds>() + cctz::seconds(wall_seconds);  // Since 1970.
}
}  // namespace

std::string TimeZone::text(int64_t wall_seconds) const {
  return cctz::format("%Y-%m-%d %H:%M", moment(wall_seconds), zone_->zone);
}

WallTime TimeZone::at(int64_t wall_seconds) const {
  const cctz::civil_second there = cctz::convert(moment(wall_seconds), zone_->zone);
  const auto day = cctz::civil_day(there);
  return {.day = day - cctz::civil_day(1970, 1, 1),
          .weekday = static_cast<uint8_t>(cctz::get_weekday(day)),
          .minute = static_cast<uint16_t>(there.hour() * 60 + there.minute())};
}

const std::string& TimeZone::name() const {
  return zone_->name;
}

}  // namespace weir::base
