#include "policy/schedule.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace weir::policy {
namespace {

using base::ErrorType;
using base::Result;

constexpr unsigned kDays = 7;
constexpr uint16_t kMinutes = 24 * 60;
constexpr uint8_t kEveryDay = 0x7f;

constexpr std::array<std::string_view, kDays> kNames = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
};

std::string_view short_name(unsigned weekday) {
  return kNames[weekday].substr(0, 3);
}

std::unexpected<base::Error> wrong(std::string_view what, std::string_view text,
                                   std::string_view form) {
  return base::fail(
      ErrorType::proxy_configuration_error,
      '"' + std::string(text) + "\" is no " + std::string(what) + ", such as " + std::string(form));
}

std::optional<unsigned> parse_day(std::string_view text) {
  const std::string name = base::to_lower(base::trim(text));
  for (unsigned day = 0; day < kDays; ++day) {
    if (name == kNames[day] || name == short_name(day)) return day;
  }
  return std::nullopt;
}

/// A day, or a range of them, which may pass the week's end.
std::optional<uint8_t> parse_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_day(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_day(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  uint8_t days = 0;
  for (unsigned day = *first;; day = (day + 1) % kDays) {
    days |= static_cast<uint8_t>(1u << day);
    if (day == *last) return days;
  }
}

Result<uint8_t> parse_days(std::string_view text) {
  if (base::trim(text).empty()) return kEveryDay;
  uint8_t days = 0;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    const auto range = parse_range(rest.substr(0, comma));
    if (!range) return wrong("list of days", text, "mon-fri or sat,sun");
    days |= *range;
    if (comma == std::string_view::npos) return days;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<uint16_t> parse_minute(std::string_view text) {
  const std::string_view time = base::trim(text);
  const size_t colon = time.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || time.size() != colon + 3)
    return std::nullopt;
  const auto hour = base::parse_decimal<uint16_t>(time.substr(0, colon));
  const auto minute = base::parse_decimal<uint16_t>(time.substr(colon + 1));
  if (!hour || !minute || *minute > 59) return std::nullopt;
  const unsigned of_day = *hour * 60u + *minute;
  if (of_day > kMinutes) return std::nullopt;
  return static_cast<uint16_t>(of_day);
}

std::string text_of_minute(unsigned minute) {
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(minute / 60) + ':' + two(minute % 60);
}

std::string text_of_days(uint8_t days) {
  if (days == kEveryDay) return "every day";
  const auto has = [days](unsigned day) { return (days >> day % kDays & 1) != 0; };
  std::string text;
  for (unsigned day = 0; day < kDays; ++day) {
    if (!has(day) || has(day + kDays - 1)) continue;
    unsigned last = day;
    while (has(last + 1)) ++last;
    if (!text.empty()) text += ',';
    text += short_name(day);
    // Two days are no range yet.
    if (last != day) text.append(last == day + 1 ? "," : "-").append(short_name(last % kDays));
  }
  return text;
}

}  // namespace

Result<Hours> Hours::parse(std::string_view days, std::string_view from, std::string_view to) {
  Hours hours;
  TRY(hours.days_, parse_days(days));
  const auto begin = base::trim(from).empty() ? std::optional<uint16_t>(0) : parse_minute(from);
  if (!begin || *begin == kMinutes) return wrong("time of day", from, "16:00");
  const auto end = base::trim(to).empty() ? std::optional(kMinutes) : parse_minute(to);
  if (!end) return wrong("time of day", to, "18:30");
  hours.from_ = *begin;
  hours.to_ = *end;
  if (hours.from_ == hours.to_) {
    return base::fail(ErrorType::proxy_configuration_error,
                      "a span from " + text_of_minute(*begin) + " to the same time is empty");
  }
  return hours;
}

bool Hours::has(LocalTime time) const {
  if (from_ < to_) return begins_on(time.weekday) && time.minute >= from_ && time.minute < to_;
  if (time.minute >= from_) return begins_on(time.weekday);
  return time.minute < to_ && begins_on((time.weekday + kDays - 1) % kDays);
}

std::string Hours::text() const {
  return text_of_days(days_) + ' ' + text_of_minute(from_) + '-' + text_of_minute(to_);
}

bool Schedule::has(LocalTime time) const {
  return always() ||
         std::ranges::any_of(hours_, [time](const Hours& each) { return each.has(time); });
}

std::string Schedule::text() const {
  if (always()) return "always";
  std::string text;
  for (const Hours& each : hours_) text += (text.empty() ? "" : ", ") + each.text();
  return text;
}

std::string text_of(LocalTime time) {
  return std::string(short_name(time.weekday)) + ' ' + text_of_minute(time.minute);
}

Result<LocalTime> parse_local_time(std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  const size_t space = trimmed.find(' ');
  const auto day = parse_day(trimmed.substr(0, space));
  const auto minute =
      space == std::string_view::npos ? std::nullopt : parse_minute(trimmed.substr(space + 1));
  if (!day || !minute || *minute == kMinutes) return wrong("time", text, "\"mon 20:10\"");
  return LocalTime{static_cast<uint8_t>(*day), *minute};
}

}  // namespace weir::policy
