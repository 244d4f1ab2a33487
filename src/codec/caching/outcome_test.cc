#include "codec/caching/outcome.h"

#include <gtest/gtest.h>

namespace weir::caching {
namespace {

TEST(CacheStatus, SaysWhatHappened) {
  EXPECT_EQ(cache_status({.ttl_s = 376}, "weir"), "weir; hit; ttl=376");
  EXPECT_EQ(cache_status({.ttl_s = -5, .detail = "stale-if-error"}, "weir"),
            "weir; hit; ttl=-5; detail=stale-if-error");
  EXPECT_EQ(cache_status({.forwarded = Forwarded::uri_miss, .ttl_s = 5, .stored = true}, "weir"),
            "weir; fwd=uri-miss; ttl=5; stored");
  EXPECT_EQ(cache_status({.forwarded = Forwarded::stale, .origin_status = 304, .collapsed = true},
                         "weir"),
            "weir; fwd=stale; fwd-status=304; collapsed");
  EXPECT_EQ(cache_status({.forwarded = Forwarded::vary_miss, .detail = "no lifetime"}, "weir"),
            "weir; fwd=vary-miss; detail=\"no lifetime\"");
}

TEST(CacheStatus, NamesThatAreNoTokensAreQuoted) {
  const auto name = [](std::string_view cache) {
    const std::string text = cache_status({.forwarded = Forwarded::bypass}, cache);
    return text.substr(0, text.find("; fwd"));
  };
  EXPECT_EQ(name("weir-1a2b"), "weir-1a2b");
  EXPECT_EQ(name("proxy.example:8080"), "proxy.example:8080");
  EXPECT_EQ(name("1proxy"), "\"1proxy\"");
  EXPECT_EQ(name("a\"b\\c\r\nd\xc3\xa4"), "\"a\\\"b\\\\cd\"");
  EXPECT_EQ(name(""), "\"\"");
}

TEST(CacheStatus, WordsOfTheLog) {
  EXPECT_STREQ(word_of({.ttl_s = 0}), "hit");
  EXPECT_STREQ(word_of({.ttl_s = -1}), "stale");
  EXPECT_STREQ(word_of({.forwarded = Forwarded::uri_miss}), "miss");
  EXPECT_STREQ(word_of({.forwarded = Forwarded::stale, .origin_status = 304}), "validated");
  EXPECT_STREQ(word_of({.forwarded = Forwarded::stale, .origin_status = 200}), "miss");
  EXPECT_STREQ(word_of({.forwarded = Forwarded::uri_miss, .collapsed = true}), "collapsed");
  EXPECT_STREQ(word_of({.forwarded = Forwarded::method}), "bypass");
}

}  // namespace
}  // namespace weir::caching
