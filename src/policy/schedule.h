// The hours of the week at which a rule holds. Pure: the caller knows what time it is.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir::policy {

/// A time as clocks on the wall show it.
struct LocalTime {
  /// 0: Monday, 6: Sunday.
  uint8_t weekday = 0;
  /// Of the day: 0 to 1439.
  uint16_t minute = 0;
  friend bool operator==(const LocalTime&, const LocalTime&) = default;
};

/// `mon-fri 16:00-18:30`: a span of time on some days of the week. A span that ends before it
/// begins passes midnight, and belongs to the day on which it began: `fri 21:00-06:30` ends on
/// Saturday morning.
class Hours {
 public:
  /// `days`: names of days (`mon`, `monday`) and ranges of them (`fri-mon`), separated by commas;
  /// empty: every day. `from` and `to`: `HH:MM`, from 00:00 to 24:00; empty: the day's beginning
  /// and end. Case does not count. The error says in words what is wrong.
  static base::Result<Hours> parse(std::string_view days, std::string_view from,
                                   std::string_view to);

  bool has(LocalTime time) const;
  /// In words that parse() takes apart: `mon-fri 16:00-18:30`, `every day 21:00-06:30`.
  std::string text() const;

  friend bool operator==(const Hours&, const Hours&) = default;

 private:
  bool begins_on(unsigned weekday) const { return (days_ >> weekday & 1) != 0; }

  /// A bit for each weekday, Monday's lowest.
  uint8_t days_ = 0;
  /// Minutes of the day. `to_` is not part of the span; if it is not above `from_`, it is on the
  /// next day.
  uint16_t from_ = 0, to_ = 0;
};

/// When a rule holds: at any of these hours; always, if there are none.
class Schedule {
 public:
  void add(const Hours& hours) { hours_.push_back(hours); }
  bool always() const { return hours_.empty(); }
  const std::vector<Hours>& hours() const { return hours_; }
  bool has(LocalTime time) const;
  /// `always`, or the hours, separated by commas.
  std::string text() const;

  friend bool operator==(const Schedule&, const Schedule&) = default;

 private:
  std::vector<Hours> hours_;
};

/// A time as `mon 20:10`, for texts and for questions about another time.
std::string text_of(LocalTime time);
base::Result<LocalTime> parse_local_time(std::string_view text);

}  // namespace weir::policy
