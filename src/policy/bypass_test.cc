#include "policy/bypass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "match/site_pattern.h"
#include "policy/opening_config.h"

namespace weir::policy {
namespace {

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = base::parse_decimal(text.substr(0, 4));
  const auto month = base::parse_decimal(text.substr(5, 2));
  const auto day = base::parse_decimal(text.substr(8));
  return year && month && day && *year >= 2026 && *month >= 1 && *month <= 12 && *day >= 1 &&
         *day <= 31;
}

TEST(Bypass, EachLineHasANameAKindADateAndAReason) {
  std::set<std::string_view> names;
  for (const BypassEntry& each : shipped_bypass()) {
    const auto pattern = match::SitePattern::parse(each.suffix);
    ASSERT_TRUE(pattern) << each.suffix;
    EXPECT_EQ(pattern->name(), each.suffix) << "as names are compared";
    EXPECT_TRUE(pattern->itself() && pattern->below() && each.suffix.contains('.')) << each.suffix;
    EXPECT_NE(std::ranges::find(kBypassKinds, each.kind), kBypassKinds.end()) << each.suffix;
    EXPECT_TRUE(is_date(each.date)) << each.suffix;
    EXPECT_GE(std::ranges::count(each.reason, ' '), 3) << each.suffix << ": a few words";
    EXPECT_TRUE(names.insert(each.suffix).second) << each.suffix << " is there twice";
  }
}

TEST(Bypass, AllLinesAreRead) {
  size_t lines = 0;
  for (std::string_view text = shipped_bypass_text(); !text.empty();) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.front() != '#') ++lines;
  }
  EXPECT_EQ(shipped_bypass().size(), lines);
  EXPECT_GT(lines, 0u);
}

TEST(Bypass, NoLineIsBelowAnother) {
  for (const BypassEntry& one : shipped_bypass()) {
    for (const BypassEntry& other : shipped_bypass())
      EXPECT_FALSE(one.suffix.ends_with('.' + std::string(other.suffix))) << one.suffix;
  }
}

TEST(Bypass, KindsForTheOwnerAreEmpty) {
  for (const BypassEntry& each : shipped_bypass()) {
    EXPECT_NE(each.kind, "finance") << each.suffix;
    EXPECT_NE(each.kind, "health") << each.suffix;
  }
}

}  // namespace
}  // namespace weir::policy
