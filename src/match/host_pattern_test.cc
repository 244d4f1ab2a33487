#include "match/host_pattern.h"

#include <gtest/gtest.h>

namespace weir::match {
namespace {

TEST(HostPattern, Matches) {
  const struct {
    const char *pattern, *host;
    bool matches;
  } cases[] = {
      {"example.com", "example.com", true},
      {"example.com", "EXAMPLE.com", true},
      {"Example.COM", "example.com", true},
      {"example.com.", "example.com", true},
      {"example.com", "example.com.", true},
      {"example.com", "www.example.com", false},
      {"example.com", "xexample.com", false},
      {"example.com", "example.com.evil", false},
      {"*.x.y", "a.x.y", true},
      {"*.x.y", "a.b.x.y", true},
      {"*.x.y", "x.y", false},
      {"*.x.y", "ax.y", false},
      {"*.x.y", ".x.y", false},
      {"*.x.y", "A.X.Y.", true},
      {"*.x.y.", "a.x.y", true},
      {"*.x.y", "a.x.y.z", false},
      {"*.lan", "printer.lan", true},
      {"*.lan", "lan", false},
      {"printer", "printer", true},
      {"printer", "", false},
      {"*.x.y", "", false},
      {"_dmarc.x.y", "_dmarc.x.y", true},
      {"example.com", "example.com..", false},
  };
  for (const auto& c : cases) {
    const auto pattern = HostPattern::parse(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->matches(c.host), c.matches) << c.pattern << ' ' << c.host;
    HostPatterns set;
    set.add(*HostPattern::parse("other.test"));
    set.add(*HostPattern::parse("*.other.test"));
    set.add(*pattern);
    EXPECT_EQ(set.matches(c.host), c.matches) << c.pattern << ' ' << c.host;
  }
  EXPECT_FALSE(HostPatterns().matches("example.com"));
}

TEST(HostPattern, MistakesAreNamed) {
  const struct {
    std::string text;
    const char* part;
  } cases[] = {
      {"", "no name"},
      {".", "no name"},
      {"*", "only at the beginning"},
      {"*.", "no name"},
      {"*.*.x", "only at the beginning"},
      {"a.*.x", "only at the beginning"},
      {"*x.y", "only at the beginning"},
      {"a..b", "empty part"},
      {".a", "empty part"},
      {"a b", "letters, digits"},
      {"http://a/", "letters, digits"},
      {"a:80", "letters, digits"},
      {"a/8", "letters, digits"},
      {"b\xC3\xBC"
       "cher.de",
       "xn-- form"},
      {"127.0.0.1", "an address, and names alone stand here"},
      {"::1", "an address, and names alone stand here"},
      {"127.1", "neither a name nor an address"},
      {"2130706433", "neither a name nor an address"},
      {std::string(64, 'a') + ".com", "longer than 63"},
      {std::string(254, 'a'), "longer than 253"},
  };
  for (const auto& c : cases) {
    const auto pattern = HostPattern::parse(c.text);
    ASSERT_FALSE(pattern) << c.text;
    EXPECT_NE(pattern.error().detail().find(c.part), std::string_view::npos)
        << pattern.error().detail();
  }
  EXPECT_EQ(HostPattern::parse("*.X.Y.")->text(), "*.x.y");
}

}  // namespace
}  // namespace weir::match
