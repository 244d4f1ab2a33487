#include "http/cache_control.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace weir::http {
namespace {

ResponseCacheControl response(std::initializer_list<const char*> lines) {
  const auto head = ResponseHead::make();
  for (const char* line : lines) head->fields.add(FieldId::cache_control, line);
  return ResponseCacheControl::of(head->fields);
}
ResponseCacheControl response(const char* line) {
  return response({line});
}

RequestCacheControl request(const char* line, const char* pragma = nullptr) {
  const auto head = RequestHead::make();
  if (line) head->fields.add(FieldId::cache_control, line);
  if (pragma) head->fields.add(FieldId::pragma, pragma);
  return RequestCacheControl::of(head->fields);
}

/// The lifetime, or -1 if none is given.
int64_t max_age(const char* line) {
  return response(line).max_age.value_or(-1);
}

TEST(CacheControl, MaxAge) {
  EXPECT_EQ(max_age("max-age=3600"), 3600);
  EXPECT_EQ(max_age("MAX-AGE=3600"), 3600);
  EXPECT_EQ(max_age("max-age=\"3600\""), 3600);
  EXPECT_EQ(max_age("max-age=003600"), 3600);
  EXPECT_EQ(max_age("public, max-age=0"), 0);
  EXPECT_EQ(max_age("max-age=2147483648"), kLongestSeconds);
  EXPECT_EQ(max_age("max-age=99999999999999999999999999"), kLongestSeconds);
  EXPECT_EQ(max_age("maxage=5, x-max-age=6, max-agee=7"), -1);
}

TEST(CacheControl, WhatIsNotUnderstoodMakesNothingFresh) {
  for (const char* line :
       {"max-age", "max-age=", "max-age=-1", "max-age='3600'", "max-age=3600a", "max-age=a3600",
        "max-age=1.5", "max-age=+5", "max-age =5", "max-age= 5", "max-age=5;x", "max-age=\"5",
        "max-age=5, max-age=6", "max-age=5, max-age=x", "max-age=\"\""})
    EXPECT_EQ(max_age(line), 0) << line;
  EXPECT_EQ(max_age("max-age=5, max-age=5"), 5);
  EXPECT_EQ(response({"max-age=5", "max-age=6"}).max_age.value(), 0);
}

TEST(CacheControl, QuotedContentIsNoDirective) {
  EXPECT_EQ(max_age("x=\"max-age=100, no-store\", max-age=1"), 1);
  EXPECT_FALSE(response("x=\"a, no-store\"").no_store);
}

TEST(CacheControl, AllLinesAreOneList) {
  const auto all = response({"max-age=5", "no-transform,private", "s-maxage=7"});
  EXPECT_EQ(all.max_age.value(), 5);
  EXPECT_EQ(all.s_maxage.value(), 7);
  EXPECT_TRUE(all.no_transform && all.private_.all);
}

TEST(CacheControl, EachDirectiveOfAResponse) {
  const auto all = response(
      "no-store, no-transform, must-revalidate, proxy-revalidate, public, must-understand, "
      "immutable, stale-while-revalidate=1, stale-if-error=2");
  EXPECT_TRUE(all.no_store && all.no_transform && all.must_revalidate && all.proxy_revalidate);
  EXPECT_TRUE(all.public_ && all.must_understand && all.immutable);
  EXPECT_EQ(all.stale_while_revalidate.value(), 1);
  EXPECT_EQ(all.stale_if_error.value(), 2);
  const auto none = response("");
  EXPECT_FALSE(none.no_store || none.public_ || none.private_.given() || none.max_age.given());
}

TEST(CacheControl, WhatForbidsCountsInAnyFormAndWhatAllowsInItsOwn) {
  EXPECT_TRUE(response("no-store=1").no_store);
  EXPECT_TRUE(response("no-store x").no_store);
  EXPECT_TRUE(response("must-revalidate=\"\"").must_revalidate);
  EXPECT_FALSE(response("public=x").public_);
  EXPECT_FALSE(response("public x").public_);
  EXPECT_FALSE(response("immutable=1").immutable);
  EXPECT_FALSE(response("must-understand=1").must_understand);
}

TEST(CacheControl, FieldNames) {
  EXPECT_TRUE(response("no-cache").no_cache.all);
  const auto named = response("no-cache=\"Set-Cookie , X-A\", private=\"x-b\"");
  EXPECT_FALSE(named.no_cache.all);
  EXPECT_EQ(named.no_cache.names, (std::vector<std::string>{"set-cookie", "x-a"}));
  EXPECT_TRUE(named.private_.has("x-b") && !named.private_.all);
  EXPECT_EQ(response("no-cache=set-cookie").no_cache.names.size(), 1u);
  const auto both = response({"no-cache=\"a\"", "no-cache=\"b\""});
  EXPECT_TRUE(both.no_cache.has("a") && both.no_cache.has("b") && !both.no_cache.all);
  EXPECT_TRUE(response("no-cache=\"a\", no-cache").no_cache.all);
  for (const char* line : {"private=\"\"", "private=", "private=\" , \"", "private=\"a b\"",
                           "private=\"a", "private x"})
    EXPECT_TRUE(response(line).private_.all) << line;
}

TEST(CacheControl, EachDirectiveOfARequest) {
  const auto all = request(
      "no-cache, no-store, no-transform, only-if-cached, max-age=1, "
      "min-fresh=2, max-stale=3, stale-if-error=4");
  EXPECT_TRUE(all.no_cache && all.no_store && all.no_transform && all.only_if_cached);
  EXPECT_EQ(all.max_age.value(), 1);
  EXPECT_EQ(all.min_fresh.value(), 2);
  EXPECT_EQ(all.max_stale.value(), 3);
  EXPECT_EQ(all.stale_if_error.value(), 4);
  EXPECT_EQ(request("max-stale").max_stale.value(), kLongestSeconds);
  EXPECT_EQ(request("max-stale=x").max_stale.value(), 0);
  EXPECT_FALSE(request(nullptr).max_stale.given());
}

TEST(CacheControl, PragmaCountsAlone) {
  EXPECT_TRUE(request(nullptr, "no-cache").no_cache);
  EXPECT_TRUE(request(nullptr, "x=1, No-Cache").no_cache);
  EXPECT_FALSE(request(nullptr, "x=\"no-cache\"").no_cache);
  EXPECT_FALSE(request("max-age=5", "no-cache").no_cache);
}

TEST(CacheControl, SecondsAreDigits) {
  EXPECT_EQ(parse_seconds("0"), 0);
  EXPECT_EQ(parse_seconds("00012"), 12);
  for (const char* none : {"", " ", "-0", "+1", "1 ", "0x1", "1e3"})
    EXPECT_EQ(parse_seconds(none), std::nullopt) << none;
}

}  // namespace
}  // namespace weir::http
