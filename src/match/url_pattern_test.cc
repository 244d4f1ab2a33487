#include "match/url_pattern.h"

#include <gtest/gtest.h>

#include "match/url_text.h"

namespace weir::match {
namespace {

TEST(NormalPath, OneTextForAllSpellings) {
  const struct {
    const char *path, *normal;
  } cases[] = {
      {"", "/"},
      {"/", "/"},
      {"?q", "/?q"},
      {"/a/b", "/a/b"},
      {"/%61/%7Eb/%2d", "/a/~b/-"},
      {"/a%2fb%3F", "/a%2Fb%3F"},
      {"/a%", "/a%"},
      {"/a%2", "/a%2"},
      {"/a%zz", "/a%zz"},
      {"/\xC3\xA4 \x01", "/%C3%A4%20%01"},
      {"/a/./b/../c", "/a/c"},
      {"/a/%2e%2E/b", "/b"},
      {"/../../a", "/a"},
      {"/a/..", "/"},
      {"/a/b/.", "/a/b/"},
      {"/a\\..\\b", "/b"},
      {"//a///b", "//a///b"},
      {"/a#f", "/a"},
      {"/a?b/../c#f", "/a?b/../c"},
      {"/a?%61\\", "/a?a\\"},
  };
  for (const auto& c : cases) EXPECT_EQ(normal_path(c.path), c.normal) << c.path;
}

/// A fragment is cut off, and nothing that has one is taken as it stands.
TEST(NormalPath, WhatIsTakenAsItStandsIsWhatWouldHaveBeenMadeOfIt) {
  static constexpr std::string_view kLetters = "/.a%2e?\\";
  std::string path;
  const auto try_all = [&](auto& self, int left) -> void {
    ASSERT_EQ(normal_path(path), normal_path(path + '#'));
    for (size_t i = 0; left > 0 && i < kLetters.size(); ++i) {
      path += kLetters[i];
      self(self, left - 1);
      path.pop_back();
    }
  };
  try_all(try_all, 5);
}

TEST(OtherReading, WhatSomeServersMakeOfAPath) {
  const struct {
    const char *path, *other;
  } cases[] = {
      {"/a/b?c=%2F", ""},
      {"/a%2ab%25%3f%23", ""},
      {"/%40bad/x", "/@bad/x"},
      {"/docs/..%2fadmin?q=%2F", "/admin?q=%2F"},
      {"/x%5C..%5Csecret", "/secret"},
      {"//secret", "/secret"},
      {"/secret;a=b/x;c", "/secret/x"},
      {"/x/..;/secret", "/secret"},
      {"/x//", "/x/"},
      {"/%2e%2e%2f", "/"},
      {"/%zz;", "/%zz"},
      {"/a%00b", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(other_reading(normal_path(c.path)), c.other) << c.path;
}

TEST(Glob, StarsStandForAnyBytes) {
  const struct {
    const char *pattern, *text;
    bool matches;
  } cases[] = {
      {"", "", true},          {"", "a", false},         {"*", "", true},
      {"*", "a/b", true},      {"a*", "a", true},        {"a*b", "axxb", true},
      {"a*b", "axxbc", false}, {"a*b*c", "abbxc", true}, {"**a", "xa", true},
      {"*ab", "aab", true},    {"*ab", "aba", false},    {"a", "*", false},
      {"*a*a*a", "aa", false}, {"x*", "", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(matches_glob(c.pattern, c.text), c.matches) << c.pattern << ' ' << c.text;
}

bool has(const char* pattern, bool https, const char* host, uint16_t port, const char* path) {
  const auto parsed = UrlPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern;
  const std::string normal = normal_path(path);
  return parsed && parsed->matches({https, host, port, normal});
}

TEST(UrlPattern, WhatEachPartMeans) {
  EXPECT_TRUE(has("https://h.test/path/*", true, "h.test", 443, "/path/x/y?q"));
  EXPECT_TRUE(has("https://h.test/path/*", true, "h.test", 443, "/path/"));
  EXPECT_FALSE(has("https://h.test/path/*", true, "h.test", 443, "/path"));
  EXPECT_FALSE(has("https://h.test/path/*", false, "h.test", 80, "/path/x"));
  EXPECT_FALSE(has("https://h.test/path/*", true, "h.test", 8443, "/path/x"));
  EXPECT_FALSE(has("https://h.test/path/*", true, "a.h.test", 443, "/path/x"));
  EXPECT_TRUE(has("HTTPS://*.H.test.", true, "a.h.test", 443, "/any/thing"));
  EXPECT_FALSE(has("https://*.h.test", true, "h.test", 443, "/"));
  EXPECT_FALSE(has("https://*.h.test", true, "xh.test", 443, "/"));
  EXPECT_TRUE(has("*://h.test", false, "h.test", 80, "/"));
  EXPECT_TRUE(has("*://h.test", true, "h.test", 443, "/"));
  EXPECT_FALSE(has("*://h.test", true, "h.test", 80, "/"));
  EXPECT_TRUE(has("*://*:*/*.exe", true, "any.test", 8443, "/a/b.exe?x"));
  EXPECT_TRUE(has("http://h.test:8080/a", false, "h.test", 8080, "/a"));
  EXPECT_TRUE(has("http://h.test/a", false, "h.test", 80, "/a?b"));
  EXPECT_FALSE(has("http://h.test/a?b=1", false, "h.test", 80, "/a?b=2"));
  EXPECT_TRUE(has("http://h.test/a?*b=1*", false, "h.test", 80, "/a?x&b=1&c"));
  EXPECT_TRUE(has("http://[2001:db8:0::1]/", false, "2001:db8::1", 80, "/"));
  EXPECT_TRUE(has("http://192.0.2.1:81", false, "192.0.2.1", 81, "/x"));
}

TEST(UrlPattern, AnotherSpellingOfThePathIsTheSamePath) {
  for (const char* path : {"/secret/x", "/%73ecret/x", "/a/../secret/x", "/./secret/x",
                           "/a/%2e./secret/x", "\\secret\\x"})
    EXPECT_TRUE(has("https://h.test/secret/*", true, "h.test", 443, path)) << path;
  EXPECT_TRUE(has("https://h.test/%73ecret/*", true, "h.test", 443, "/secret/x"));
}

TEST(UrlPattern, MayMatchBeforeThePathIsKnown) {
  const auto pattern = UrlPattern::parse("https://api.test/repos/me/*");
  EXPECT_TRUE(pattern->may_match("api.test", 443));
  EXPECT_FALSE(pattern->may_match("api.test", 80));
  EXPECT_FALSE(pattern->may_match("x.api.test", 443));
}

TEST(UrlPattern, MistakesAreNamed) {
  const struct {
    const char *text, *part;
  } cases[] = {
      {"", "http://"},
      {"h.test/path", "http://"},
      {"ftp://h.test/", "scheme"},
      {"https://", "no name"},
      {"https:///x", "no name"},
      {"https://h.test:0/", "port"},
      {"https://h.test:x", "port"},
      {"https://h.test:70000", "port"},
      {"https://a*b.test/", "only at the beginning"},
      {"https://h.test/#f", "fragment"},
      {"https://u@h.test/", "letters"},
      {"https://*.*/", "only at the beginning"},
  };
  for (const auto& c : cases) {
    const auto pattern = UrlPattern::parse(c.text);
    ASSERT_FALSE(pattern) << c.text;
    EXPECT_NE(pattern.error().detail().find(c.part), std::string_view::npos)
        << c.text << ": " << pattern.error().detail();
  }
}

}  // namespace
}  // namespace weir::match
