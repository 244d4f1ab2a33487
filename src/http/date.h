// Dates in fields (RFC 9110, 5.6.7).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::http {

/// Seconds since 1970, UTC, of a date in one of the three forms that recipients accept. Names of
/// days and months count without regard to case, and a day's name is not compared with its date;
/// else strictly: a date that is not of one of the forms is none. `now_s` says which century a year
/// of two digits means: none that is more than 50 years ahead.
std::optional<int64_t> parse_date(std::string_view text, int64_t now_s);

/// A date as senders write it, such as "Sun, 06 Nov 1994 08:49:37 GMT". Of the years 0 to 9999.
class WrittenDate {
 public:
  explicit WrittenDate(int64_t seconds);
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 29> text_;
};

}  // namespace weir::http
