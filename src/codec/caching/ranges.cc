#include "codec/caching/ranges.h"

#include <algorithm>

#include "base/text.h"
#include "codec/caching/entity_tag.h"
#include "http/chars.h"
#include "http/date.h"

namespace weir::caching {
namespace {

using http::FieldId;

/// As many in one field as are looked at (the joined ones are kMostRanges at most).
constexpr size_t kMostAsked = 128;

struct Asked {
  bool well_formed = false;
  /// Nothing: it begins behind the end.
  std::optional<ByteRange> range;
};

/// A number of bytes; one that is too large for its type is the largest.
std::optional<uint64_t> position_in(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, base::is_digit)) return std::nullopt;
  return base::parse_decimal(text).value_or(UINT64_MAX);
}

/// `-500`: the last ones.
Asked suffix_of(std::string_view count_text, uint64_t length) {
  const auto count = position_in(count_text);
  if (!count) return {};
  if (*count == 0 || length == 0) return {true, std::nullopt};
  return {true, ByteRange{length - std::min(*count, length), length - 1}};
}

Asked one_of(std::string_view text, uint64_t length) {
  const size_t dash = text.find('-');
  if (dash == text.npos) return {};
  const std::string_view first_text = base::trim(text.substr(0, dash));
  const std::string_view last_text = base::trim(text.substr(dash + 1));
  if (first_text.empty()) return suffix_of(last_text, length);
  const auto first = position_in(first_text);
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : position_in(last_text);
  if (!first || !last || *last < *first) return {};
  if (*first >= length) return {true, std::nullopt};
  return {true, ByteRange{*first, std::min(*last, length - 1)}};
}

bool touch(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.last + 1 && b.first <= a.last + 1;
}

/// Adds the range, joined with all that it overlaps or touches, at the place of the first of them.
void join(std::vector<ByteRange>& all, ByteRange range) {
  size_t place = all.size();
  for (size_t i = 0; i < all.size();) {
    if (!touch(all[i], range)) {
      ++i;
      continue;
    }
    range = {std::min(range.first, all[i].first), std::max(range.last, all[i].last)};
    all.erase(all.begin() + static_cast<ptrdiff_t>(i));
    place = std::min(place, i);
    i = 0;  // It may touch one now that it did not touch before.
  }
  all.insert(all.begin() + static_cast<ptrdiff_t>(std::min(place, all.size())), range);
}

/// Strong by RFC 9110, 8.8.2.2: the response was made at least a second later, so that the content
/// can't have changed again within that second.
bool is_strong_date(int64_t modified_s, int64_t date_s) {
  return date_s - modified_s >= 1;
}

}  // namespace

Ranges ranges_of(std::string_view range, uint64_t length) {
  Ranges found;
  const size_t equals = range.find('=');
  if (equals == range.npos ||
      !base::equal_ignoring_case(base::trim(range.substr(0, equals)), "bytes"))
    return found;
  std::string_view list = range.substr(equals + 1);
  std::vector<ByteRange> all;
  size_t asked = 0;
  while (!list.empty()) {
    const std::string_view element = http::take_list_element(list);
    if (element.empty()) continue;
    const Asked one = one_of(element, length);
    if (!one.well_formed || ++asked > kMostAsked) return found;
    if (one.range) join(all, *one.range);
  }
  if (asked == 0 || all.size() > kMostRanges) return found;
  found.what = all.empty() ? Ranges::What::unsatisfiable : Ranges::What::some;
  found.all = std::move(all);
  return found;
}

bool if_range_holds(const http::Fields& request, const http::Fields& stored, int64_t date_s) {
  if (!request.has(FieldId::if_range)) return true;
  if (request.count(FieldId::if_range) > 1) return false;
  const std::string_view text = base::trim(request.get(FieldId::if_range));
  if (const auto tag = parse_entity_tag(text)) {
    const auto own = parse_entity_tag(stored.get(FieldId::etag));
    return own && same_strongly(*own, *tag);
  }
  const std::string_view modified = base::trim(stored.get(FieldId::last_modified));
  const auto own = http::parse_date(modified, date_s);
  const auto named = http::parse_date(text, date_s);
  return own && named && *own == *named && is_strong_date(*own, date_s);
}

std::string ContentRange::text() const {
  return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.last) + '/' +
         (complete ? std::to_string(*complete) : std::string("*"));
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  if (trimmed.size() < 6 || !base::equal_ignoring_case(trimmed.substr(0, 6), "bytes "))
    return std::nullopt;
  const std::string_view rest = base::trim(trimmed.substr(6));
  const size_t dash = rest.find('-'), slash = rest.find('/');
  if (dash == rest.npos || slash == rest.npos || slash < dash) return std::nullopt;
  const auto first = base::parse_decimal(rest.substr(0, dash));
  const auto last = base::parse_decimal(rest.substr(dash + 1, slash - dash - 1));
  const auto complete = base::parse_decimal(rest.substr(slash + 1));
  const bool known = rest.substr(slash + 1) != "*";
  if (!first || !last || *last < *first || (known && (!complete || *complete <= *last)))
    return std::nullopt;
  return ContentRange{{*first, *last}, known ? complete : std::nullopt};
}

std::string unsatisfied_content_range(uint64_t length) {
  return "bytes */" + std::to_string(length);
}

}  // namespace weir::caching
