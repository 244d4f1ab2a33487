#include "match/domain_hash.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace weir::match {
namespace {

constexpr DomainKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

std::vector<std::string> suffixes(std::string_view host, HostForm form = HostForm::name) {
  const HostHashes hashes(kKey, host, form);
  std::vector<std::string> all;
  for (size_t i = 0; i < hashes.count(); ++i) all.emplace_back(hashes.suffix(i));
  return all;
}

TEST(HostHashes, Suffixes) {
  using All = std::vector<std::string>;
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  const struct {
    std::string host;
    All suffixes;
  } cases[] = {
      {"", {}},
      {"com", {"com"}},
      {"a.b.com", {"com", "b.com", "a.b.com"}},
      {".", {}},
      {"..", {}},
      {"a.", {}},
      {".a", {}},
      {"a..b.com", {"com"}},
      {"a..com", {}},
      {".a.com", {"com"}},
      {longest, {longest.substr(192), longest.substr(128), longest.substr(64), longest}},
      // The whole host is no name; its parents are.
      {"x." + longest, {longest.substr(192), longest.substr(128), longest.substr(64), longest}},
      {"." + longest, {longest.substr(192), longest.substr(128), longest.substr(64)}},
      {"." + std::string(300, 'a'), {}},
      {std::string(254, 'a'), {}},
      {std::string(300, 'a') + ".b.com", {"com", "b.com"}},
  };
  for (const auto& c : cases) EXPECT_EQ(suffixes(c.host), c.suffixes) << c.host;
  ASSERT_EQ(longest.size(), kLongestDomain);
}

TEST(HostHashes, MostLabels) {
  std::string host = "a";
  for (size_t label = 1; label < kMostLabels; ++label) host += ".a";
  EXPECT_EQ(host.size(), kLongestDomain);
  EXPECT_EQ(suffixes(host).size(), kMostLabels);
  EXPECT_EQ(suffixes("a." + host).size(), kMostLabels);
  EXPECT_EQ(suffixes("a.a.a." + host).size(), kMostLabels);
  EXPECT_EQ(suffixes(std::string(100'000, '.')).size(), 0u);
}

TEST(HostHashes, ALiteralHasNoParents) {
  using All = std::vector<std::string>;
  EXPECT_EQ(suffixes("10.0.0.1", HostForm::literal), All{"10.0.0.1"});
  EXPECT_EQ(suffixes("2001:db8::1", HostForm::literal), All{"2001:db8::1"});
  EXPECT_EQ(suffixes("::ffff:10.0.0.1", HostForm::literal), All{"::ffff:10.0.0.1"});
  EXPECT_EQ(suffixes("10.0.0.1.", HostForm::literal), All{});
  EXPECT_EQ(suffixes(std::string(254, 'a') + ".1", HostForm::literal), All{});
}

TEST(HostHashes, DependOnSuffixAndKeyAlone) {
  const HostHashes host(kKey, "a.b.example.com", HostForm::name);
  for (size_t i = 0; i < host.count(); ++i) {
    const std::string suffix(host.suffix(i));
    const HostHashes other(kKey, suffix, HostForm::name);
    EXPECT_EQ(other.hash(other.count() - 1), host.hash(i)) << suffix;
    EXPECT_EQ(HostHashes(kKey, suffix, HostForm::literal).hash(0), host.hash(i)) << suffix;
    EXPECT_NE(HostHashes({kKey.point + 1, kKey.mask}, suffix, HostForm::literal).hash(0),
              host.hash(i));
    EXPECT_NE(HostHashes({kKey.point, kKey.mask + 1}, suffix, HostForm::literal).hash(0),
              host.hash(i));
  }
}

// Blocks of seven bytes begin and end everywhere in these.
TEST(HostHashes, DifferForNamesThatDiffer) {
  std::mt19937 random(1);
  std::map<uint64_t, std::string> seen;
  for (int round = 0; round < 20'000; ++round) {
    std::string name;
    const size_t length = 1 + random() % 24;
    while (name.size() < length) name += "a\x01."[random() % 7 < 2 ? 2 : random() % 2];
    if (!can_be_listed(name)) continue;
    const auto [at, added] = seen.emplace(HostHashes(kKey, name, HostForm::literal).hash(0), name);
    EXPECT_EQ(at->second, name);
  }
  EXPECT_GT(seen.size(), 3000u);
}

TEST(DomainKey, IsDrawnAnew) {
  const auto one = DomainKey::draw(), other = DomainKey::draw();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->point, other->point);
  EXPECT_NE(one->mask, other->mask);
}

TEST(DomainHash, WhatCanBeListed) {
  for (const std::string& name : {std::string("com"), std::string("a.b"), std::string("::1"),
                                  std::string(kLongestDomain, 'a')})
    EXPECT_TRUE(can_be_listed(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a."), std::string(".a"), std::string("a..b"),
        std::string(kLongestDomain + 1, 'a')})
    EXPECT_FALSE(can_be_listed(name)) << name;
}

}  // namespace
}  // namespace weir::match
