#include "http/date.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace weir::http {
namespace {

constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kLongDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr int64_t kDayS = 86'400;

/// Reads a text from its beginning. Once something was not as expected, all that follows fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void skip(std::string_view expected) {
    if (rest_.size() >= expected.size() &&
        base::equal_ignoring_case(rest_.substr(0, expected.size()), expected))
      rest_.remove_prefix(expected.size());
    else
      good_ = false;
  }
  /// Exactly that many digits.
  unsigned number(size_t digits) {
    const auto value = base::parse_decimal<unsigned>(rest_.substr(0, digits));
    if (!value || rest_.size() < digits) {
      good_ = false;
      return 0;
    }
    rest_.remove_prefix(digits);
    return *value;
  }
  /// Two digits, or a space and one.
  unsigned padded_day() {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }
  /// The place of the name that comes, in `names`.
  template <size_t count>
  unsigned one_of(const std::string_view (&names)[count]) {
    for (unsigned i = 0; i < count; ++i) {
      if (!base::equal_ignoring_case(rest_.substr(0, names[i].size()), names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return i;
    }
    good_ = false;
    return 0;
  }
  bool complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Parts {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;

  void read_time(Reader& from) {
    hour = from.number(2);
    from.skip(":");
    minute = from.number(2);
    from.skip(":");
    second = from.number(2);
  }
  std::optional<int64_t> seconds() const {
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month + 1), std::chrono::day(day)};
    // 60 is a leap second.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * kDayS + static_cast<int64_t>(hour) * 3600 + minute * 60 + second;
  }
};

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<int64_t> parse_fixed(std::string_view text) {
  Reader from(text);
  Parts parts;
  from.one_of(kDays);
  from.skip(", ");
  parts.day = from.number(2);
  from.skip(" ");
  parts.month = from.one_of(kMonths);
  from.skip(" ");
  parts.year = from.number(4);
  from.skip(" ");
  parts.read_time(from);
  from.skip(" GMT");
  return from.complete() ? parts.seconds() : std::nullopt;
}

int year_of(int64_t seconds) {
  const std::chrono::sys_days date{std::chrono::days(seconds / kDayS)};
  return static_cast<int>(std::chrono::year_month_day(date).year());
}

/// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<int64_t> parse_rfc850(std::string_view text, int64_t now_s) {
  Reader from(text);
  Parts parts;
  from.one_of(kLongDays);
  from.skip(", ");
  parts.day = from.number(2);
  from.skip("-");
  parts.month = from.one_of(kMonths);
  from.skip("-");
  const int this_year = year_of(now_s);
  int year = this_year / 100 * 100 + static_cast<int>(from.number(2));
  if (year > this_year + 50) year -= 100;
  if (year <= this_year - 50) year += 100;
  parts.year = static_cast<unsigned>(year);
  from.skip(" ");
  parts.read_time(from);
  from.skip(" GMT");
  return from.complete() ? parts.seconds() : std::nullopt;
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<int64_t> parse_asctime(std::string_view text) {
  Reader from(text);
  Parts parts;
  from.one_of(kDays);
  from.skip(" ");
  parts.month = from.one_of(kMonths);
  from.skip(" ");
  parts.day = from.padded_day();
  from.skip(" ");
  parts.read_time(from);
  from.skip(" ");
  parts.year = from.number(4);
  return from.complete() ? parts.seconds() : std::nullopt;
}

char* put(char* to, std::string_view text) {
  return std::ranges::copy(text, to).out;
}

char* put(char* to, unsigned value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

}  // namespace

std::optional<int64_t> parse_date(std::string_view text, int64_t now_s) {
  if (const auto fixed = parse_fixed(text)) return fixed;
  if (const auto rfc850 = parse_rfc850(text, now_s)) return rfc850;
  return parse_asctime(text);
}

WrittenDate::WrittenDate(int64_t seconds) {
  const int64_t days = seconds >= 0 ? seconds / kDayS : -((kDayS - 1 - seconds) / kDayS);
  const auto in_day = static_cast<unsigned>(seconds - days * kDayS);
  const std::chrono::sys_days place{std::chrono::days(days)};
  const std::chrono::year_month_day date(place);
  char* to = put(text_.data(), kDays[std::chrono::weekday(place).c_encoding()]);
  to = put(put(put(to, ", "), static_cast<unsigned>(date.day()), 2), " ");
  to = put(put(to, kMonths[static_cast<unsigned>(date.month()) - 1]), " ");
  to = put(put(to, static_cast<unsigned>(static_cast<int>(date.year())), 4), " ");
  to = put(put(to, in_day / 3600, 2), ":");
  to = put(put(to, in_day / 60 % 60, 2), ":");
  put(put(to, in_day % 60, 2), " GMT");
}

}  // namespace weir::http
