#include "http/cache_control.h"

#include <array>

#include "base/text.h"
#include "http/chars.h"
#include "http/parameters.h"

namespace weir::http {
namespace {

using base::equal_ignoring_case;

/// A directive without an argument that forbids something. With an argument it is not understood,
/// and counts all the same.
template <class Directives>
struct Flag {
  std::string_view name;
  bool Directives::* place;
};

template <class Directives>
struct Duration {
  std::string_view name;
  Seconds Directives::* place;
};

using Request = RequestCacheControl;
using Response = ResponseCacheControl;

constexpr auto kRequestFlags = std::to_array<Flag<Request>>({
    {"no-cache", &Request::no_cache},
    {"no-store", &Request::no_store},
    {"no-transform", &Request::no_transform},
    {"only-if-cached", &Request::only_if_cached},
});
constexpr auto kRequestSeconds = std::to_array<Duration<Request>>({
    {"max-age", &Request::max_age},
    {"min-fresh", &Request::min_fresh},
    {"stale-if-error", &Request::stale_if_error},
});
constexpr auto kResponseFlags = std::to_array<Flag<Response>>({
    {"no-store", &Response::no_store},
    {"no-transform", &Response::no_transform},
    {"must-revalidate", &Response::must_revalidate},
    {"proxy-revalidate", &Response::proxy_revalidate},
});
constexpr auto kResponseSeconds = std::to_array<Duration<Response>>({
    {"max-age", &Response::max_age},
    {"s-maxage", &Response::s_maxage},
    {"stale-while-revalidate", &Response::stale_while_revalidate},
    {"stale-if-error", &Response::stale_if_error},
});

std::optional<int64_t> seconds_in(const ListParameter& directive) {
  return directive.well_formed ? parse_seconds(directive.value()) : std::nullopt;
}

/// Reads a directive that is in one of the two tables.
template <class Directives, size_t flags, size_t durations>
void read(const ListParameter& directive, const std::array<Flag<Directives>, flags>& flag_table,
          const std::array<Duration<Directives>, durations>& seconds_table, Directives& to) {
  for (const auto& each : flag_table)
    if (equal_ignoring_case(directive.name, each.name)) to.*each.place = true;
  for (const auto& each : seconds_table)
    if (equal_ignoring_case(directive.name, each.name)) (to.*each.place).add(seconds_in(directive));
}

void add_names(const ListParameter& directive, FieldNames& to) {
  const std::string text = directive.value();
  std::string_view rest = text;
  const size_t before = to.names.size();
  bool good = directive.has_value && directive.well_formed;
  while (!rest.empty()) {
    const std::string_view name = take_list_element(rest);
    if (name.empty()) continue;
    good &= is_token(name);
    to.names.push_back(base::to_lower(name));
  }
  if (!good || to.names.size() == before) to.all = true;
}

/// Calls `take` with each element of all Cache-Control lines.
template <class Take>
void each_directive(const Fields& fields, Take take) {
  if (!fields.may_have(FieldId::cache_control)) return;
  for (const Field& field : fields.all()) {
    if (field.id != FieldId::cache_control) continue;
    std::string_view rest = field.value();
    while (const auto directive = take_parameter(rest)) take(*directive);
  }
}

bool pragma_says_no_cache(const Fields& fields) {
  for (const Field& field : fields.all()) {
    if (field.id != FieldId::pragma) continue;
    std::string_view rest = field.value();
    while (const auto directive = take_parameter(rest))
      if (equal_ignoring_case(directive->name, "no-cache")) return true;
  }
  return false;
}

}  // namespace

std::optional<int64_t> parse_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return std::nullopt;
    value = std::min(value * 10 + (c - '0'), kLongestSeconds);
  }
  return value;
}

void Seconds::add(std::optional<int64_t> argument) {
  const int64_t value = argument.value_or(0);
  value_ = given_ && value != value_ ? 0 : value;
  given_ = true;
}

RequestCacheControl RequestCacheControl::of(const Fields& fields) {
  RequestCacheControl made;
  each_directive(fields, [&](const ListParameter& directive) {
    read(directive, kRequestFlags, kRequestSeconds, made);
    if (!equal_ignoring_case(directive.name, "max-stale")) return;
    const bool any = !directive.has_value && directive.well_formed;
    made.max_stale.add(any ? kLongestSeconds : seconds_in(directive));
  });
  if (fields.may_have(FieldId::pragma) && !fields.has(FieldId::cache_control))
    made.no_cache = pragma_says_no_cache(fields);
  return made;
}

ResponseCacheControl ResponseCacheControl::of(const Fields& fields) {
  ResponseCacheControl made;
  each_directive(fields, [&](const ListParameter& directive) {
    read(directive, kResponseFlags, kResponseSeconds, made);
    if (equal_ignoring_case(directive.name, "no-cache")) add_names(directive, made.no_cache);
    if (equal_ignoring_case(directive.name, "private")) add_names(directive, made.private_);
    // These allow something: only as they should be.
    if (directive.has_value || !directive.well_formed) return;
    made.public_ |= equal_ignoring_case(directive.name, "public");
    made.immutable |= equal_ignoring_case(directive.name, "immutable");
    made.must_understand |= equal_ignoring_case(directive.name, "must-understand");
  });
  return made;
}

}  // namespace weir::http
