#include "match/domain_set_builder.h"

#include <gtest/gtest.h>

#include <string>

#include "match/domain_set_fake.h"

namespace weir::match {
namespace {

using enum DomainKind;
using Added = DomainSetBuilder::Added;

TEST(DomainSetBuilder, TheFirstSourceWinsAndKindsUnite) {
  const MadeSet set({{"a.test", itself, 5},
                     {"b.test", below, 6},
                     {"a.test", below, 1},
                     {"b.test", below, 2},
                     {"a.test", itself, 3}});
  EXPECT_EQ(set->size(), 2u);
  const auto a = set->find("x.a.test", HostForm::name);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->source, 5u);
  EXPECT_EQ(a->kind, itself_and_below);
  EXPECT_EQ(set->find("x.b.test", HostForm::name)->source, 6u);
  EXPECT_FALSE(set->find("b.test", HostForm::name));
}

TEST(DomainSetBuilder, RefusesWhatIsNoName) {
  DomainSetBuilder builder(kTestKey);
  EXPECT_EQ(builder.add("", itself, 0), Added::no_name);
  EXPECT_EQ(builder.add("a.", itself, 0), Added::no_name);
  EXPECT_EQ(builder.add(std::string(kLongestDomain + 1, 'a'), itself, 0), Added::no_name);
  EXPECT_EQ(builder.add(std::string(kLongestDomain, 'a'), itself, 0), Added::yes);
}

TEST(DomainSetBuilder, HasALimitOfMemory) {
  EXPECT_EQ(DomainSetBuilder(kTestKey, 1000).add("a.test", itself, 0), Added::full);
  DomainSetBuilder builder(kTestKey, 3'000'000);
  uint32_t added = 0;
  while (builder.add("name" + std::to_string(added) + ".test", below, added) == Added::yes) ++added;
  EXPECT_GT(added, 30'000u);
  EXPECT_LT(added, 150'000u);
  size_t bytes = 0;
  EXPECT_TRUE(std::move(builder).write({}, [&](std::span<const std::byte> piece) {
    bytes += piece.size();
    return base::Result<void>();
  }));
  EXPECT_GT(bytes, added * 20);
}

TEST(DomainSetBuilder, ManyNamesInSeveralBlocks) {
  std::vector<std::string> names;
  for (int i = 0; i < 60'000; ++i)
    names.push_back("n" + std::to_string(i) + std::string(static_cast<size_t>(i % 60), 'x') +
                    ".test");
  std::vector<Domain> domains;
  for (size_t i = 0; i < names.size(); ++i)
    domains.push_back({names[i], itself, static_cast<uint32_t>(i)});
  const MadeSet set(domains);
  ASSERT_TRUE(set.made());
  EXPECT_TRUE(set->checksum_holds());
  for (size_t i = 0; i < names.size(); i += 7) {
    const auto match = set->find(names[i], HostForm::name);
    ASSERT_TRUE(match) << names[i];
    ASSERT_EQ(match->source, i);
    ASSERT_FALSE(set->find(names[i] + 'x', HostForm::name));
  }
  EXPECT_EQ(set->mismatches(), 0u);
}

TEST(DomainSetBuilder, FailsIfAKeyPutsTooManyNamesTogether) {
  std::vector<std::string> names;
  for (int i = 0; i < 600; ++i) names.push_back("a.test" + std::to_string(i));
  const std::vector<Domain> all(names.begin(), names.end());
  EXPECT_FALSE(MadeSet(all, kKeyThatCollides).made());
  EXPECT_TRUE(MadeSet(all).made());
  const std::vector<Domain> fewer(names.begin(), names.begin() + kLargestBucket);
  EXPECT_TRUE(MadeSet(fewer, kKeyThatCollides).made());
}

TEST(DomainSetBuilder, ReturnsTheSinksError) {
  std::string long_name(200, 'a');
  for (const int names : {0, 5000}) {
    DomainSetBuilder builder(kTestKey);
    for (int i = 0; i < names; ++i) builder.add(long_name + std::to_string(i), itself, 0);
    int calls = 0;
    const auto result = std::move(builder).write({}, [&](std::span<const std::byte>) {
      ++calls;
      return base::Result<void>(
          base::fail(base::ErrorType::proxy_internal_error, "The disk is full."));
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().detail(), "The disk is full.");
    EXPECT_EQ(calls, 1);
  }
}

}  // namespace
}  // namespace weir::match
