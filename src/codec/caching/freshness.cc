#include "codec/caching/freshness.h"

#include <algorithm>

#include "base/text.h"
#include "http/chars.h"
#include "http/date.h"

namespace weir::caching {
namespace {

using http::FieldId;

/// For these RFC 9110, 15.1 allows a guess. Not for 414 and 501, by which one client could shut out
/// others (docs/design/cache.md).
bool may_guess_for(int status) {
  constexpr int kStatuses[] = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410};
  return std::ranges::find(kStatuses, status) != std::end(kStatuses);
}

int64_t within(int64_t seconds) {
  return std::clamp<int64_t>(seconds, 0, http::kLongestSeconds);
}

/// A date that is none is in the past (5.3), and so are two.
int64_t lifetime_by_expires(const http::Fields& fields, int64_t date_s) {
  if (fields.count(FieldId::expires) > 1) return 0;
  const auto expires = http::parse_date(base::trim(fields.get(FieldId::expires)), date_s);
  return expires ? within(*expires - date_s) : 0;
}

LifetimeOf guessed(const http::ResponseHead& head, int64_t date_s, Guess guess) {
  if (!guess.allowed || !may_guess_for(head.status)) return {};
  const auto modified =
      http::parse_date(base::trim(head.fields.get(FieldId::last_modified)), date_s);
  if (!modified || *modified > date_s) return {};
  return {Lifetime::heuristic, std::min(within(date_s - *modified) / 10, guess.longest_s)};
}

}  // namespace

LifetimeOf lifetime_of(const http::ResponseHead& head, const http::ResponseCacheControl& control,
                       int64_t date_s, Guess guess) {
  if (control.s_maxage.given()) return {Lifetime::told, control.s_maxage.value()};
  if (control.max_age.given()) return {Lifetime::told, control.max_age.value()};
  if (head.fields.has(FieldId::expires))
    return {Lifetime::told, lifetime_by_expires(head.fields, date_s)};
  return guessed(head, date_s, guess);
}

int64_t age_in(const http::Fields& fields) {
  std::string_view list = fields.get(FieldId::age);
  return http::parse_seconds(http::take_list_element(list)).value_or(0);
}

int64_t current_age(const Stored& stored, int64_t now_s) {
  const int64_t apparent = within(stored.response_s - stored.date_s);
  const int64_t corrected = stored.age_s + within(stored.response_s - stored.request_s);
  return within(std::max(apparent, corrected) + within(now_s - stored.response_s));
}

}  // namespace weir::caching
