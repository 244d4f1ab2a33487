#include "match/site_pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir::match {
namespace {

TEST(SitePattern, WhatEachFormMeans) {
  const struct {
    const char* pattern;
    std::vector<const char*> has, has_not;
  } cases[] = {
      {"example.com",
       {"example.com", "www.example.com", "a.b.example.com"},
       {"xexample.com", "com", "example.com.evil", "example.org", ""}},
      {"=example.com", {"example.com"}, {"www.example.com", "com"}},
      {"*.example.com", {"www.example.com", "a.b.example.com"}, {"example.com", "xexample.com"}},
      {"*", {"example.com", "localhost"}, {}},
      {"COM.", {"com", "example.com"}, {"org"}},
      {"=Example.COM.", {"example.com"}, {"www.example.com"}},
      {"printer", {"printer", "a.printer"}, {"printer.lan"}},
  };
  for (const auto& c : cases) {
    const auto pattern = SitePattern::parse(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    SitePatterns alone, among;
    alone.add(*pattern);
    among.add(*SitePattern::parse("=other.test"));
    among.add(*pattern);
    among.add(*SitePattern::parse("*.other.test"));
    for (const char* host : c.has) {
      EXPECT_TRUE(alone.matches(host, false)) << c.pattern << ' ' << host;
      EXPECT_TRUE(among.matches(host, false)) << c.pattern << ' ' << host;
      EXPECT_EQ(alone.find(host, false), *pattern);
    }
    for (const char* host : c.has_not) EXPECT_FALSE(alone.matches(host, false)) << host;
  }
  EXPECT_FALSE(SitePatterns().matches("example.com", false));
}

TEST(SitePattern, AnAddressIsNoSuffix) {
  SitePatterns patterns;
  patterns.add(*SitePattern::parse("10.0.0.1"));
  patterns.add(*SitePattern::parse("2001:DB8:0::1"));
  EXPECT_TRUE(patterns.matches("10.0.0.1", true));
  EXPECT_TRUE(patterns.matches("2001:db8::1", true));
  EXPECT_FALSE(patterns.matches("0.0.1", true));
  EXPECT_FALSE(patterns.matches("110.0.0.1", true));
  patterns.add(*SitePattern::parse("com"));
  EXPECT_FALSE(patterns.matches("10.0.0.com", true)) << "nothing is a part of a literal";
  patterns.add(*SitePattern::parse("*"));
  EXPECT_TRUE(patterns.matches("192.0.2.7", true));
  EXPECT_EQ(SitePattern::parse("=10.0.0.1")->text(), "10.0.0.1");
  EXPECT_FALSE(SitePattern::parse("*.10.0.0.1"));
}

TEST(SitePattern, TheMostSpecificIsNamedAndFormsUnite) {
  SitePatterns patterns;
  for (const char* text : {"*", "com", "*.example.com", "=a.example.com"})
    patterns.add(*SitePattern::parse(text));
  const auto named = [&](const char* host) { return patterns.find(host, false)->text(); };
  EXPECT_EQ(named("a.example.com"), "=a.example.com");
  EXPECT_EQ(named("b.a.example.com"), "*.example.com");
  EXPECT_EQ(named("example.com"), "com");
  EXPECT_EQ(named("example.org"), "*");
  patterns.add(*SitePattern::parse("=example.com"));
  EXPECT_EQ(named("example.com"), "example.com") << "the name alone, and all below it";
}

TEST(SitePattern, MistakesAreNamed) {
  const struct {
    const char* text;
    const char* part;
  } cases[] = {
      {"", "no name"},
      {"=", "no name"},
      {"*.", "no name"},
      {"*.*.x", "only at the beginning"},
      {"a*", "only at the beginning"},
      {"=*.x", "only at the beginning"},
      {"http://x/", "letters"},
      {"x:80", "letters"},
      {"a..b", "empty part"},
      {"m\xC3\xBCnchen.de", "xn--"},
      {"1.2.3", "neither"},
      {"[::1]", "letters"},
  };
  for (const auto& c : cases) {
    const auto pattern = SitePattern::parse(c.text);
    ASSERT_FALSE(pattern) << c.text;
    EXPECT_NE(pattern.error().detail().find(c.part), std::string_view::npos)
        << c.text << ": " << pattern.error().detail();
  }
}

/// Each pattern asked by itself, by what its text says.
bool obvious(const std::vector<std::string>& patterns, const std::string& host) {
  return std::ranges::any_of(patterns, [&](const std::string& each) {
    if (each.starts_with('=')) return host == each.substr(1);
    if (each.starts_with("*.")) return host.ends_with(each.substr(1));
    return host == each || host.ends_with("." + each);
  });
}

TEST(SitePattern, ASetSaysWhatItsPatternsSay) {
  // All names of up to three labels a or b, in sets of three patterns.
  std::vector<std::string> names;
  for (const char* one : {"a", "b"}) {
    names.emplace_back(one);
    for (const char* two : {".a", ".b"}) {
      names.push_back(std::string(one) + two);
      for (const char* three : {".a", ".b"}) names.push_back(std::string(one) + two + three);
    }
  }
  std::vector<std::string> texts;
  for (const std::string& name : names)
    for (const char* form : {"", "=", "*."}) texts.push_back(form + name);
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t j = i; j < texts.size(); ++j) {
      const std::vector<std::string> two = {texts[i], texts[j]};
      SitePatterns set;
      for (const std::string& text : two) set.add(*SitePattern::parse(text));
      for (const std::string& host : names)
        ASSERT_EQ(set.matches(host, false), obvious(two, host)) << two[0] << ' ' << two[1] << host;
    }
  }
}

}  // namespace
}  // namespace weir::match
