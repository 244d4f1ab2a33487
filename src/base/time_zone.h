// What clocks on the wall show, in a time zone of the tz database.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace weir::base {

/// A moment as people in a time zone name it.
struct WallTime {
  /// Days since 1970-01-01 there.
  int64_t day = 0;
  /// 0: Monday, 6: Sunday.
  uint8_t weekday = 0;
  /// Of the day: 0 to 1439.
  uint16_t minute = 0;
  friend bool operator==(const WallTime&, const WallTime&) = default;
};

/// Immutable; any thread may use it.
class TimeZone {
 public:
  /// `name` as in the tz database: `Europe/Zurich`. Empty: the machine's zone, as TZ or
  /// /etc/localtime names it, else UTC. Nothing if there is no such zone on this machine. Reads a
  /// file.
  static std::optional<TimeZone> named(const std::string& name);

  /// `wall_seconds` since 1970, UTC.
  WallTime at(int64_t wall_seconds) const;
  /// As people write it: `2026-11-30 19:05`.
  std::string text(int64_t wall_seconds) const;
  const std::string& name() const;

 private:
  struct Zone;
  explicit TimeZone(std::shared_ptr<const Zone> zone) : zone_(std::move(zone)) {}
  std::shared_ptr<const Zone> zone_;
};

}  // namespace weir::base
