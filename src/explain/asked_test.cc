#include "explain/asked.h"

#include <gtest/gtest.h>

namespace weir::explain {
namespace {

TEST(Asked, GoesThroughJsonAsItIs) {
  const Asked asked{.url = "http://a.test/\"\n\x7f",
                    .client = "tablet",
                    .user = "ann",
                    .listener = "lan",
                    .type = "script",
                    .from = "http://news.test/",
                    .method = "POST",
                    .at = "Mon 20:10",
                    .addresses = {"192.0.2.1", "::1"},
                    .aliases = {"cdn.test"},
                    .content_type = "",
                    .size = UINT64_MAX,
                    .expect = {"deny", "kids"}};
  const std::string json = json_of(asked);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  const auto read = parse_asked(json);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, asked);
  EXPECT_EQ(parse_asked(json_of(Asked())), Asked());
}

TEST(Asked, OneAddressMayStandAlone) {
  EXPECT_EQ(parse_asked(R"({"address": "::1"})")->addresses, std::vector<std::string>{"::1"});
}

TEST(Asked, WhatIsNotUnderstood) {
  const struct {
    std::string text;
    std::string_view why;
  } cases[] = {
      {"", "this is no JSON object"},
      {"[]", "this is no JSON object"},
      {"\"http://a.test/\"", "this is no JSON object"},
      {"{\"url\": \"http://a.test/\"} x", "this is no JSON object"},
      {"{\"url\": \"\xff\"}", "this is no JSON object"},
      {"{\"url\": 1}", "\"url\" is not a text"},
      {"{\"url\": null}", "\"url\" is not a text"},
      {"{\"address\": [\"::1\", {}]}", "\"address\" is not a text or a list of texts"},
      {"{\"size\": -1}", "\"size\" is not a number of bytes"},
      {"{\"size\": 1.5}", "\"size\" is not a number of bytes"},
      {"{\"size\": 18446744073709551616}", "\"size\" is not a number of bytes"},
      {"{\"expect\": {\"verdict\": true}}", "\"expect.verdict\" is not a text"},
      {"{\"adress\": \"::1\"}", "unknown key \"adress\": there are url"},
      {"{\"url\": \"" + std::string(kLargestQuestion, 'a') + "\"}",
       "a question has at most 64 KiB"},
      {std::string(60'000, '['), "this is no JSON object"},
      {std::string(30'000, '[') + std::string(30'000, ']'), "this is no JSON object"},
  };
  for (const auto& c : cases) {
    const auto read = parse_asked(c.text);
    ASSERT_FALSE(read) << c.text.substr(0, 80);
    EXPECT_EQ(read.error().substr(0, c.why.size()), c.why) << c.text.substr(0, 80);
  }
}

}  // namespace
}  // namespace weir::explain
