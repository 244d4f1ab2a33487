#include "codec/caching/validation.h"

#include <algorithm>

#include "base/text.h"
#include "codec/caching/entity_tag.h"
#include "http/date.h"

namespace weir::caching {
namespace {

using http::Field;
using http::FieldId;
using http::Fields;

std::optional<EntityTag> tag_of(const Fields& fields) {
  return parse_entity_tag(fields.get(FieldId::etag));
}

bool lists(const Fields& request, const EntityTag& tag) {
  for (const Field& field : request.all()) {
    if (field.id != FieldId::if_none_match) continue;
    std::string_view rest = field.value();
    while (const auto each = take_entity_tag(rest))
      if (same_weakly(*each, tag)) return true;
  }
  return false;
}

bool none_match_holds(const Fields& request, const Fields& stored) {
  if (base::trim(request.get(FieldId::if_none_match)) == "*") return false;
  const auto tag = tag_of(stored);
  return !tag || !lists(request, *tag);
}

/// Without Last-Modified the time at which the response was made counts (RFC 9111, 4.3.2).
bool is_modified_since(std::string_view since, const Fields& stored, const Stored& about) {
  const auto limit = http::parse_date(base::trim(since), about.response_s);
  if (!limit) return true;  // A date that is none is no condition.
  const auto modified =
      http::parse_date(base::trim(stored.get(FieldId::last_modified)), about.response_s);
  return modified.value_or(about.date_s) > *limit;
}

/// Not taken from an answer without content: they are about the content, which stays, or belong to
/// one connection.
constexpr http::FieldSet kKept{
    FieldId::connection,
    FieldId::content_encoding,
    FieldId::content_length,
    FieldId::content_range,
    FieldId::etag,
    FieldId::keep_alive,
    FieldId::proxy_connection,
    FieldId::te,
    FieldId::trailer,
    FieldId::transfer_encoding,
    FieldId::upgrade,
};

bool is_kept(const Field& field) {
  return kKept.has(field.id) || base::equal_ignoring_case(field.name(), "content-md5");
}

bool has_name(const Fields& fields, std::string_view name) {
  return std::ranges::any_of(fields.all(), [&](const Field& each) {
    return base::equal_ignoring_case(each.name(), name);
  });
}

}  // namespace

bool has_conditions_for_origin(const Fields& request) {
  return request.has(FieldId::if_match) || request.has(FieldId::if_unmodified_since);
}

Answer answer_to(const Fields& request, const Fields& stored, const Stored& about) {
  if (about.status != 200) return Answer::content;
  bool new_to_client = true;
  if (request.has(FieldId::if_none_match))
    new_to_client = none_match_holds(request, stored);
  else if (request.count(FieldId::if_modified_since) == 1)
    new_to_client = is_modified_since(request.get(FieldId::if_modified_since), stored, about);
  return new_to_client ? Answer::content : Answer::not_modified;
}

Conditions conditions_for(std::span<const Fields* const> stored) {
  Conditions made;
  for (const Fields* each : stored) {
    const std::string_view tag = base::trim(each->get(FieldId::etag));
    if (!parse_entity_tag(tag)) continue;
    if (!made.if_none_match.empty()) made.if_none_match += ", ";
    made.if_none_match += tag;
  }
  // The time of one of several says nothing about the others.
  if (stored.size() == 1)
    made.if_modified_since = base::trim(stored.front()->get(FieldId::last_modified));
  return made;
}

std::vector<size_t> chosen_by(const Fields& not_modified, std::span<const Fields* const> stored) {
  std::vector<size_t> chosen;
  const auto add_if = [&](auto matches) {
    for (size_t i = 0; i < stored.size(); ++i)
      if (matches(*stored[i])) chosen.push_back(i);
  };
  if (const auto tag = tag_of(not_modified)) {
    add_if([&](const Fields& each) {
      const auto own = tag_of(each);
      return own && (tag->weak ? same_weakly(*own, *tag) : same_strongly(*own, *tag));
    });
    if (tag->weak && chosen.size() > 1) chosen.resize(1);
    return chosen;
  }
  if (const auto modified = base::trim(not_modified.get(FieldId::last_modified));
      !modified.empty()) {
    add_if([&](const Fields& each) {
      return base::trim(each.get(FieldId::last_modified)) == modified;
    });
    if (chosen.size() > 1) chosen.resize(1);
    return chosen;
  }
  if (stored.size() == 1) chosen.push_back(0);
  return chosen;
}

base::Ref<http::ResponseHead> updated(const http::ResponseHead& stored, const Fields& answer) {
  auto made = http::ResponseHead::make(stored.status);
  made->version = stored.version;
  made->reason = made->copy(stored.reason);
  for (const Field& field : stored.fields.all())
    if (is_kept(field) || !has_name(answer, field.name()))
      made->fields.add(field.name(), field.value());
  for (const Field& field : answer.all())
    if (!is_kept(field)) made->fields.add(field.name(), field.value());
  return made;
}

bool shows_a_change(const Fields& answer_to_head, const Fields& stored) {
  constexpr FieldId kShown[] = {FieldId::etag, FieldId::last_modified, FieldId::content_length};
  return std::ranges::any_of(kShown, [&](FieldId id) {
    return answer_to_head.has(id) &&
           base::trim(answer_to_head.get(id)) != base::trim(stored.get(id));
  });
}

}  // namespace weir::caching
