#include "codec/caching/pieces.h"

#include <algorithm>

#include "base/text.h"
#include "codec/caching/entity_tag.h"
#include "http/date.h"

namespace weir::caching {
namespace {

using http::FieldId;
using http::Fields;

std::optional<EntityTag> strong_tag(const Fields& fields) {
  const auto tag = parse_entity_tag(fields.get(FieldId::etag));
  return tag && !tag->weak ? tag : std::nullopt;
}

/// Last-Modified, if the response was made at least a second later (RFC 9110, 8.8.2.2).
std::optional<int64_t> strong_time(const Fields& fields, int64_t date_s) {
  const auto modified = http::parse_date(base::trim(fields.get(FieldId::last_modified)), date_s);
  return modified && *modified < date_s ? modified : std::nullopt;
}

}  // namespace

std::optional<ContentRange> piece_of(const http::ResponseHead& response, int64_t date_s) {
  const Fields& fields = response.fields;
  if (response.status != 206 || fields.count(FieldId::content_range) != 1) return std::nullopt;
  const auto range = parse_content_range(fields.get(FieldId::content_range));
  if (!range || !range->complete) return std::nullopt;
  if (!strong_tag(fields) && !strong_time(fields, date_s)) return std::nullopt;
  const auto length = base::parse_decimal(base::trim(fields.get(FieldId::content_length)));
  const bool fits = !fields.has(FieldId::content_length) || length == range->range.size();
  return fits ? range : std::nullopt;
}

bool are_of_one(const Fields& a, const Fields& b, int64_t date_s) {
  const auto own = strong_tag(a), other = strong_tag(b);
  if (own || other) return own && other && same_strongly(*own, *other);
  const auto time = strong_time(a, date_s);
  return time && time == strong_time(b, date_s);
}

bool Pieces::add(ByteRange range) {
  std::vector<ByteRange> joined;
  bool placed = false;
  for (const ByteRange& each : all_) {
    if (each.last + 1 < range.first) {
      joined.push_back(each);
    } else if (range.last + 1 < each.first) {
      if (!placed) joined.push_back(range);
      placed = true;
      joined.push_back(each);
    } else {
      range = {std::min(range.first, each.first), std::max(range.last, each.last)};
    }
  }
  if (!placed) joined.push_back(range);
  if (joined.size() > kMostPieces || range.last >= length_) return false;
  all_ = std::move(joined);
  return true;
}

bool Pieces::has(ByteRange range) const {
  return std::ranges::any_of(all_, [&](const ByteRange& each) {
    return each.first <= range.first && range.last <= each.last;
  });
}

std::vector<ByteRange> Pieces::missing_in(ByteRange range) const {
  std::vector<ByteRange> gaps;
  uint64_t next = range.first;
  for (const ByteRange& each : all_) {
    if (each.last < next) continue;
    if (each.first > range.last) break;
    if (each.first > next) gaps.push_back({next, each.first - 1});
    next = each.last + 1;
  }
  if (next <= range.last) gaps.push_back({next, range.last});
  return gaps;
}

}  // namespace weir::caching
