#include "explain/at.h"

#include <chrono>
#include <optional>

#include "base/text.h"

namespace weir::explain {
namespace {

/// Reads fixed-width parts of a text one after another.
class Parts {
 public:
  explicit Parts(std::string_view text) : rest_(text) {}

  /// A number of that many digits, within the limits.
  unsigned number(size_t digits, unsigned least, unsigned most) {
    unsigned value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !base::is_digit(rest_.front())) return fail();
      value = value * 10 + static_cast<unsigned>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value < least || value > most ? fail() : value;
  }
  /// One of these characters.
  char one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      fail();
      return 0;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool begins_with(char c) const { return rest_.starts_with(c); }
  void skip_digits() {
    while (!rest_.empty() && base::is_digit(rest_.front())) rest_.remove_prefix(1);
  }
  bool all_read() const { return good_ && rest_.empty(); }

 private:
  unsigned fail() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

/// Seconds since 1970, UTC, of a time by RFC 3339, section 5.6.
std::optional<int64_t> parse_rfc3339(std::string_view text) {
  Parts parts(text);
  const auto year = static_cast<int>(parts.number(4, 0, 9999));
  parts.one_of("-");
  const unsigned month = parts.number(2, 1, 12);
  parts.one_of("-");
  const unsigned day = parts.number(2, 1, 31);
  parts.one_of("Tt ");
  const unsigned hour = parts.number(2, 0, 23);
  parts.one_of(":");
  const unsigned minute = parts.number(2, 0, 59);
  parts.one_of(":");
  const unsigned second = parts.number(2, 0, 60);
  if (parts.begins_with('.')) {
    parts.one_of(".");
    parts.number(1, 0, 9);
    parts.skip_digits();
  }
  int offset_minutes = 0;
  const char zone = parts.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    const unsigned hours = parts.number(2, 0, 23);
    parts.one_of(":");
    offset_minutes = static_cast<int>(hours * 60 + parts.number(2, 0, 59));
    if (zone == '-') offset_minutes = -offset_minutes;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!parts.all_read() || !date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
}

}  // namespace

std::expected<policy::LocalTime, std::string> parse_at(std::string_view text,
                                                       const base::TimeZone& zone) {
  const std::string_view trimmed = base::trim(text);
  if (const auto seconds = parse_rfc3339(trimmed)) {
    const base::WallTime wall = zone.at(*seconds);
    return policy::LocalTime{wall.weekday, wall.minute};
  }
  if (const auto time = policy::parse_local_time(trimmed)) return *time;
  return std::unexpected('"' + std::string(text.substr(0, 100)) +
                         "\" is no time such as \"Mon 20:10\" or \"2026-11-30T20:10:00Z\"");
}

}  // namespace weir::explain
