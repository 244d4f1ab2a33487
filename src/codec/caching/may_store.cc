#include "codec/caching/may_store.h"

#include <algorithm>

#include "base/text.h"
#include "codec/caching/vary.h"
#include "http/chars.h"
#include "http/date.h"

namespace weir::caching {
namespace {

using http::FieldId;

/// Whoever understands these may store a response that says must-understand although it says
/// no-store too (RFC 9111, 5.2.2.3).
bool is_understood(int status) {
  constexpr int kStatuses[] = {200, 203, 204, 300, 301, 302, 303, 307,
                               308, 404, 405, 410, 414, 451, 501};
  return std::ranges::find(kStatuses, status) != std::end(kStatuses);
}

bool forbids(const http::ResponseCacheControl& control, int status) {
  if (control.must_understand) return !is_understood(status);
  return control.no_store;
}

bool starts_with_word(std::string_view type, std::string_view word) {
  return type.size() >= word.size() && base::equal_ignoring_case(type.substr(0, word.size()), word);
}

/// Style, script, image, font, sound or film: nothing that a person reads as their own page. By
/// what the browser asked for, else by the type of what came.
bool is_passive(const http::RequestHead& request, const http::ResponseHead& response) {
  constexpr std::string_view kAskedFor[] = {"style", "script", "image", "font",
                                            "audio", "video",  "track"};
  if (request.fields.has(FieldId::sec_fetch_dest)) {
    const std::string_view asked_for = base::trim(request.fields.get(FieldId::sec_fetch_dest));
    return std::ranges::find(kAskedFor, asked_for) != std::end(kAskedFor);
  }
  constexpr std::string_view kTypes[] = {"text/css", "text/javascript", "application/javascript",
                                         "image/",   "font/",           "audio/",
                                         "video/"};
  const std::string_view type = base::trim(response.fields.get(FieldId::content_type));
  return std::ranges::any_of(kTypes,
                             [&](std::string_view each) { return starts_with_word(type, each); });
}

/// In an opened session the origin took the client for one that shares its answers with nobody.
bool may_share_opened(const http::RequestHead& request, const http::ResponseHead& response,
                      const http::ResponseCacheControl& control, Lifetime lifetime,
                      const StoringRules& rules) {
  if (lifetime != Lifetime::told) return false;
  if (control.public_ || control.s_maxage.given() || control.immutable) return true;
  if (request.fields.has(FieldId::authorization)) return false;
  if (rules.opened_cookies) return true;
  return !request.fields.has(FieldId::cookie) && !response.fields.has(FieldId::set_cookie) &&
         is_passive(request, response);
}

bool may_share_authorized(const http::ResponseCacheControl& control) {
  return control.public_ || control.s_maxage.given() || control.must_revalidate;
}

bool has_validator(const http::Fields& fields, int64_t date_s) {
  return fields.has(FieldId::etag) ||
         http::parse_date(base::trim(fields.get(FieldId::last_modified)), date_s).has_value();
}

std::optional<NotStored> refused_by_request(const http::RequestHead& request, const Asked& asked) {
  using enum NotStored;
  if (request.method != http::Method::get) return method;
  if (asked.has_content) return request_content;
  if (asked.pinned) return pinned;
  if (asked.control.no_store) return request_says_so;
  return std::nullopt;
}

std::optional<NotStored> refused_by_response(const http::RequestHead& request,
                                             const http::ResponseHead& response,
                                             const http::ResponseCacheControl& control) {
  using enum NotStored;
  if (response.status < 200 || response.status == 206 || response.status == 304) return status;
  if (forbids(control, response.status)) return no_store;
  if (control.private_.all) return is_private;
  if (request.fields.has(FieldId::authorization) && !may_share_authorized(control))
    return authorization;
  if (VaryNames::of(response.fields).nothing) return vary;
  return std::nullopt;
}

bool is_too_large(const http::ResponseHead& response, uint64_t largest) {
  const auto length = base::parse_decimal(response.fields.get(FieldId::content_length));
  return length && *length > largest;
}

/// A guess is made for nothing that may be one person's.
Guess guess_for(const http::RequestHead& request, const http::ResponseHead& response,
                const Asked& asked, Guess guess) {
  guess.allowed = guess.allowed && !asked.opened && !request.fields.has(FieldId::cookie) &&
                  !response.fields.has(FieldId::set_cookie);
  return guess;
}

Stored stored_of(const http::ResponseHead& response, const http::ResponseCacheControl& control,
                 Times times) {
  Stored made;
  made.request_s = times.request_s;
  made.response_s = times.response_s;
  made.status = response.status;
  made.date_s = http::parse_date(base::trim(response.fields.get(FieldId::date)), times.response_s)
                    .value_or(times.response_s);
  made.age_s = age_in(response.fields);
  made.stale_while_revalidate_s = control.stale_while_revalidate.value();
  made.stale_if_error_s = control.stale_if_error.value();
  made.no_cache = control.no_cache.all;
  made.never_stale =
      control.must_revalidate || control.proxy_revalidate || control.s_maxage.given();
  made.immutable = control.immutable;
  made.has_validator = has_validator(response.fields, made.date_s);
  return made;
}

}  // namespace

const char* word_of(NotStored why) {
  switch (why) {
    case NotStored::method: return "method";
    case NotStored::request_content: return "request-content";
    case NotStored::request_says_so: return "request-no-store";
    case NotStored::pinned: return "pinned";
    case NotStored::status: return "status";
    case NotStored::no_store: return "no-store";
    case NotStored::is_private: return "private";
    case NotStored::authorization: return "authorization";
    case NotStored::opened: return "opened";
    case NotStored::vary: return "vary";
    case NotStored::useless: return "no-lifetime";
    case NotStored::too_large: return "too-large";
  }
  return "";
}

std::expected<Stored, NotStored> may_store(const http::RequestHead& request, const Asked& asked,
                                           const http::ResponseHead& response, Times times,
                                           const StoringRules& rules) {
  if (const auto why = refused_by_request(request, asked)) return std::unexpected(*why);
  const auto control = http::ResponseCacheControl::of(response.fields);
  if (const auto why = refused_by_response(request, response, control))
    return std::unexpected(*why);
  if (is_too_large(response, rules.largest_object)) return std::unexpected(NotStored::too_large);
  Stored made = stored_of(response, control, times);
  const auto lifetime =
      lifetime_of(response, control, made.date_s, guess_for(request, response, asked, rules.guess));
  made.lifetime = lifetime.kind;
  made.lifetime_s = lifetime.seconds;
  if (asked.opened && !may_share_opened(request, response, control, made.lifetime, rules))
    return std::unexpected(NotStored::opened);
  if (made.lifetime_s == 0 && !made.has_validator) return std::unexpected(NotStored::useless);
  return made;
}

}  // namespace weir::caching
