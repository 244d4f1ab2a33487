// The decisions about storing and serving, as tables.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "codec/caching/freshness.h"
#include "codec/caching/heads_fake.h"
#include "codec/caching/may_serve.h"
#include "codec/caching/may_store.h"

namespace weir::caching {
namespace {

using http::FieldId;

constexpr int64_t kDay = 86'400;

/// `Name: value` lines.
void add_lines(std::string_view lines, http::Fields& to) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const size_t colon = line.find(": ");
    to.add(line.substr(0, colon), line.substr(colon + 2));
  }
}

struct Case {
  std::string request, response;
  int status = 200;
  Asked asked{};
  StoringRules rules{.guess = {}, .opened_cookies = false, .largest_object = 1000};

  std::expected<Stored, NotStored> stored() const {
    const auto asking = http::RequestHead::make();
    asking->method = http::Method::get;
    add_lines(request, asking->fields);
    const auto answer = http::ResponseHead::make(status);
    add_lines(response, answer->fields);
    Asked all = asked;
    all.control = http::RequestCacheControl::of(asking->fields);
    return may_store(*asking, all, *answer, {kNow, kNow}, rules);
  }
  /// Why not, or how long it is fresh.
  std::string said() const {
    const auto made = stored();
    if (!made) return word_of(made.error());
    const char* const kinds[] = {"none", "heuristic", "told"};
    return std::string(kinds[static_cast<size_t>(made->lifetime)]) + ' ' +
           std::to_string(made->lifetime_s);
  }
};

std::string said(std::string response, std::string request = "", int status = 200) {
  return Case{std::move(request), std::move(response), status}.said();
}
std::string opened(std::string response, std::string request = "", bool cookies = false) {
  Case made{std::move(request), std::move(response)};
  made.asked.opened = true;
  made.rules.opened_cookies = cookies;
  return made.said();
}

TEST(Lifetime, TheFirstOfThemCounts) {
  const std::string expires = "Date: " + date(kNow) + "\nExpires: " + date(kNow + 7);
  EXPECT_EQ(said("Cache-Control: s-maxage=3, max-age=5\n" + expires), "told 3");
  EXPECT_EQ(said("Cache-Control: max-age=5\n" + expires), "told 5");
  EXPECT_EQ(said(expires), "told 7");
  EXPECT_EQ(said("Cache-Control: max-age=0\nETag: \"a\"\n" + expires), "told 0");
  EXPECT_EQ(said("Expires: " + date(kNow + 7)), "told 7") << "without Date from when it came";
  EXPECT_EQ(said("Date: " + date(kNow - 10) + "\nExpires: " + date(kNow)), "told 10");
}

TEST(Lifetime, AnExpiresThatIsNoDateIsPast) {
  for (const char* none : {"0", "-1", "Thu, 18 Aug 2050 02:01:18 UTC", "soon"})
    EXPECT_EQ(said("ETag: \"a\"\nExpires: " + std::string(none)), "told 0") << none;
  const std::string twice = "Expires: " + date(kNow + 7);
  EXPECT_EQ(said("ETag: \"a\"\n" + twice + '\n' + twice), "told 0");
}

TEST(Lifetime, AGuessForWhatIsNobodys) {
  const std::string old = "Date: " + date(kNow) + "\nLast-Modified: " + date(kNow - 1000);
  EXPECT_EQ(said(old), "heuristic 100");
  EXPECT_EQ(said("Last-Modified: " + date(kNow - 100 * kDay)), "heuristic 86400");
  EXPECT_EQ(said(old, "Cookie: a=b"), "none 0");
  EXPECT_EQ(said(old + "\nSet-Cookie: a=b"), "none 0");
  EXPECT_EQ(said("Last-Modified: " + date(kNow + 5)), "none 0") << "in the future";
  for (const int status : {200, 203, 204, 300, 301, 308, 404, 405, 410})
    EXPECT_EQ(said(old, "", status), "heuristic 100") << status;
  for (const int status : {201, 302, 307, 400, 403, 414, 500, 501, 503, 599})
    EXPECT_EQ(said(old, "", status), "none 0") << status;
}

TEST(Storing, AnyFinalStatusWithALifetime) {
  for (const int status : {200, 201, 302, 400, 403, 414, 500, 501, 599})
    EXPECT_EQ(said("Cache-Control: max-age=5", "", status), "told 5") << status;
  for (const int status : {100, 103, 206, 304})
    EXPECT_EQ(said("Cache-Control: max-age=5", "", status), "status") << status;
}

TEST(Storing, WhatForbids) {
  EXPECT_EQ(said("Cache-Control: no-store, max-age=5"), "no-store");
  EXPECT_EQ(said("Cache-Control: max-age=5, private"), "private");
  EXPECT_EQ(said("Cache-Control: max-age=5, private=\"x-a\""), "told 5");
  EXPECT_EQ(said("Cache-Control: max-age=5", "Cache-Control: no-store"), "request-no-store");
  EXPECT_EQ(said("Cache-Control: max-age=5\nVary: Accept, *"), "vary");
  EXPECT_EQ(said("Cache-Control: max-age=5\nVary: Accept\nVary: , *"), "vary");
  EXPECT_EQ(said("Cache-Control: max-age=5\nContent-Length: 1001"), "too-large");
  EXPECT_EQ(said("Cache-Control: max-age=5\nContent-Length: 1000"), "told 5");
  EXPECT_EQ(said("Content-Type: text/html"), "no-lifetime");
  EXPECT_EQ(said("ETag: \"a\""), "none 0") << "it can be validated";
  EXPECT_EQ(said("Last-Modified: never"), "no-lifetime");
}

TEST(Storing, MustUnderstandOutweighsNoStore) {
  EXPECT_EQ(said("Cache-Control: max-age=5, must-understand, no-store"), "told 5");
  EXPECT_EQ(said("Cache-Control: max-age=5, must-understand", "", 599), "no-store");
}

TEST(Storing, AuthorizationNeedsAWordThatAllowsIt) {
  const std::string login = "Authorization: Basic eDp5";
  EXPECT_EQ(said("Cache-Control: max-age=5", login), "authorization");
  EXPECT_EQ(said("Cache-Control: max-age=5, proxy-revalidate", login), "authorization");
  for (const char* word : {"public", "s-maxage=5", "must-revalidate"})
    EXPECT_EQ(said("Cache-Control: max-age=5, " + std::string(word), login), "told 5") << word;
}

TEST(Storing, RequestsThatHaveNoSharedAnswer) {
  Case one{"", "Cache-Control: max-age=5"};
  one.asked.pinned = true;
  EXPECT_EQ(one.said(), "pinned");
  one.asked = {.control = {}, .has_content = true};
  EXPECT_EQ(one.said(), "request-content");
}

TEST(Storing, OpenedSessionsShareWhatIsMeantForAll) {
  const std::string fresh = "Cache-Control: max-age=5", page = "\nContent-Type: text/html";
  const std::string style = "\nContent-Type: text/css; charset=utf-8";
  EXPECT_EQ(opened(fresh + page), "opened");
  EXPECT_EQ(opened(fresh + style), "told 5");
  EXPECT_EQ(opened(fresh + style, "Sec-Fetch-Dest: document"), "opened");
  EXPECT_EQ(opened(fresh + page, "Sec-Fetch-Dest: image"), "told 5");
  EXPECT_EQ(opened(fresh + style, "Cookie: a=b"), "opened");
  EXPECT_EQ(opened(fresh + style + "\nSet-Cookie: a=b"), "opened");
  EXPECT_EQ(opened(fresh + page, "Cookie: a=b", true), "told 5");
  for (const char* word : {", public", ", s-maxage=5", ", immutable"})
    EXPECT_EQ(opened(fresh + word + page, "Cookie: a=b"), "told 5") << word;
  EXPECT_EQ(opened("Cache-Control: public\nETag: \"a\"" + page), "opened");
  EXPECT_EQ(opened("Last-Modified: " + date(kNow - 1000) + style), "opened") << "no guesses";
  EXPECT_EQ(opened(fresh + page, "Authorization: Basic eDp5", true), "authorization");
}

TEST(Age, FollowsTheRfc) {
  Stored one{.request_s = 100, .response_s = 104, .date_s = 100, .age_s = 10, .lifetime_s = 50};
  EXPECT_EQ(current_age(one, 104), 14) << "the delay counts";
  EXPECT_EQ(current_age(one, 110), 20);
  one.date_s = 50;
  EXPECT_EQ(current_age(one, 104), 54) << "Date says that it is older";
  one.date_s = 200;
  EXPECT_EQ(current_age(one, 104), 14) << "a Date in the future says nothing";
  EXPECT_EQ(current_age(one, 3), 14) << "the clock was set back";
  EXPECT_FALSE(is_fresh(one, 140));
  EXPECT_TRUE(is_fresh(one, 139));
}

int64_t age_of(const char* lines) {
  const auto head = http::ResponseHead::make();
  add_lines(lines, head->fields);
  return age_in(head->fields);
}

TEST(Age, InAField) {
  EXPECT_EQ(age_of("Age: 7"), 7);
  EXPECT_EQ(age_of("Age: 7, 9"), 7);
  EXPECT_EQ(age_of("Age: 7\nAge: 9"), 7);
  for (const char* none : {"Age: -7", "Age: a", "Age: 7.5", "Age: 7;x", "Age: , 9", "X: 1"})
    EXPECT_EQ(age_of(none), 0) << none;
}

/// A response that is fresh for 100 s from time 0 on.
Stored fresh_for_100() {
  return {.lifetime_s = 100, .status = 200, .lifetime = Lifetime::told, .has_validator = true};
}

http::RequestCacheControl asks(const char* line) {
  const auto head = http::RequestHead::make();
  head->fields.add(FieldId::cache_control, line);
  return http::RequestCacheControl::of(head->fields);
}

constexpr Serving kServed = Serving::as_it_is, kMeanwhile = Serving::while_validated,
                  kValidated = Serving::once_validated;

TEST(Serving, FreshUntilItsLifetimeEnds) {
  EXPECT_EQ(may_serve(fresh_for_100(), {}, 99), kServed);
  EXPECT_EQ(may_serve(fresh_for_100(), {}, 100), kValidated);
  Stored outdated = fresh_for_100();
  outdated.outdated = true;
  EXPECT_EQ(may_serve(outdated, {}, 5), kValidated);
}

TEST(Serving, WhatRequestsAskFor) {
  const Stored one = fresh_for_100();
  EXPECT_EQ(may_serve(one, asks("no-cache"), 5), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-age=5"), 5), kServed);
  EXPECT_EQ(may_serve(one, asks("max-age=5"), 6), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-age=0"), 0), kValidated);
  EXPECT_EQ(may_serve(one, asks("min-fresh=60"), 40), kServed);
  EXPECT_EQ(may_serve(one, asks("min-fresh=60"), 41), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-stale"), 5000), kServed);
  EXPECT_EQ(may_serve(one, asks("max-stale=10"), 110), kServed);
  EXPECT_EQ(may_serve(one, asks("max-stale=10"), 111), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-stale, min-fresh=1"), 100), kValidated);
}

TEST(Serving, ImmutableIsNotAskedAboutByAReload) {
  Stored one = fresh_for_100();
  one.immutable = true;
  EXPECT_EQ(may_serve(one, asks("max-age=0"), 5), kServed);
  EXPECT_EQ(may_serve(one, asks("no-cache"), 5), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-age=0"), 100), kValidated);
}

TEST(Serving, StaleWhileItIsValidated) {
  Stored one = fresh_for_100();
  one.stale_while_revalidate_s = 30;
  EXPECT_EQ(may_serve(one, {}, 129), kMeanwhile);
  EXPECT_EQ(may_serve(one, {}, 130), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-age=110"), 111), kValidated);
  one.never_stale = true;
  EXPECT_EQ(may_serve(one, {}, 110), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-stale"), 110), kValidated);
  EXPECT_EQ(may_serve(one, {}, 99), kServed);
}

TEST(Serving, NoCacheIsValidatedEachTime) {
  Stored one = fresh_for_100();
  one.no_cache = true;
  one.stale_while_revalidate_s = one.stale_if_error_s = 1000;
  EXPECT_EQ(may_serve(one, {}, 0), kValidated);
  EXPECT_EQ(may_serve(one, asks("max-stale"), 0), kValidated);
  EXPECT_FALSE(may_serve_in_spite_of(Failure::unreachable, one, {}, 5));
}

TEST(Serving, InSpiteOfFailures) {
  Stored one = fresh_for_100();
  EXPECT_TRUE(may_serve_in_spite_of(Failure::unreachable, one, {}, 5000));
  EXPECT_FALSE(may_serve_in_spite_of(Failure::error, one, {}, 101));
  EXPECT_TRUE(may_serve_in_spite_of(Failure::error, one, asks("stale-if-error=10"), 109));
  one.stale_if_error_s = 20;
  EXPECT_TRUE(may_serve_in_spite_of(Failure::error, one, {}, 119));
  EXPECT_FALSE(may_serve_in_spite_of(Failure::error, one, {}, 120));
  EXPECT_FALSE(may_serve_in_spite_of(Failure::unreachable, one, asks("no-cache"), 5));
  one.never_stale = true;
  EXPECT_FALSE(may_serve_in_spite_of(Failure::error, one, {}, 101));
  EXPECT_FALSE(may_serve_in_spite_of(Failure::unreachable, one, {}, 101));
}

/// A restriction more never makes a response servable that was not.
TEST(Serving, RestrictionsOnlyRestrict) {
  const char* const kAsks[] = {"", "max-stale", "max-stale=50", "stale-if-error=500"};
  const char* const kRestrictions[] = {"no-cache", "max-age=0", "max-age=50", "min-fresh=20"};
  for (int bits = 0; bits < 16; ++bits) {
    Stored one = fresh_for_100();
    one.stale_while_revalidate_s = (bits & 1) != 0 ? 80 : 0;
    one.immutable = (bits & 2) != 0;
    one.no_cache = (bits & 4) != 0;
    one.never_stale = (bits & 8) != 0;
    for (const char* ask : kAsks) {
      for (const char* restriction : kRestrictions) {
        const auto more = asks((std::string(ask) + ", " + restriction).c_str());
        for (int64_t now = 0; now < 300; now += 7) {
          EXPECT_GE(may_serve(one, more, now), may_serve(one, asks(ask), now));
          Stored stricter = one;
          stricter.never_stale = true;
          EXPECT_GE(may_serve(stricter, more, now), may_serve(one, more, now));
        }
      }
    }
  }
}

}  // namespace
}  // namespace weir::caching
