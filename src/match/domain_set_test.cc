#include "match/domain_set.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "match/domain_set_fake.h"

namespace weir::match {
namespace {

using enum DomainKind;
using enum HostForm;

/// "source name" of each match, with a * if the host is below it.
std::string found(const DomainSet& set, std::string_view host, HostForm form = name) {
  std::string all;
  const HostHashes hashes(set.key(), host, form);
  for (const DomainMatch& match : set.find_all(hashes)) {
    all += all.empty() ? "" : ", ";
    all +=
        std::to_string(match.source) + ' ' + (match.itself ? "" : "*.") + std::string(match.name);
  }
  return all;
}

TEST(DomainSet, FindsNamesAndParents) {
  const MadeSet set({{"example.com", itself_and_below, 1},
                     {"exact.test", itself, 2},
                     {"below.test", below, 3},
                     {"deep.a.example.com", itself_and_below, 4},
                     {"lan", itself_and_below, 5},
                     {"10.0.0.1", itself_and_below, 6},
                     {"0.1", itself_and_below, 7},
                     {"2001:db8::1", itself, 8}});
  ASSERT_TRUE(set.made());
  EXPECT_EQ(set->size(), 8u);
  const struct {
    const char* host;
    HostForm form;
    const char* found;
  } cases[] = {
      {"example.com", name, "1 example.com"},
      {"www.example.com", name, "1 *.example.com"},
      {"a.b.c.example.com", name, "1 *.example.com"},
      {"xexample.com", name, ""},
      {"example.com.test", name, ""},
      {"com", name, ""},
      {"", name, ""},
      {".", name, ""},
      {".example.com", name, ""},
      {"example.com.", name, ""},
      {"EXAMPLE.com", name, ""},
      {"exact.test", name, "2 exact.test"},
      {"a.exact.test", name, ""},
      {"below.test", name, ""},
      {"a.below.test", name, "3 *.below.test"},
      {"deep.a.example.com", name, "4 deep.a.example.com, 1 *.example.com"},
      {"x.deep.a.example.com", name, "4 *.deep.a.example.com, 1 *.example.com"},
      {"lan", name, "5 lan"},
      {"printer.lan", name, "5 *.lan"},
      {"10.0.0.1", literal, "6 10.0.0.1"},
      {"10.10.0.1", literal, ""},
      {"a.10.0.0.1", literal, ""},
      {"2001:db8::1", literal, "8 2001:db8::1"},
      {"0.1", literal, "7 0.1"},
      // It is the caller who knows what is a literal.
      {"10.0.0.1", name, "6 10.0.0.1, 7 *.0.1"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(found(*set, c.host, c.form), c.found) << c.host;
    const auto first = set->find(c.host, c.form);
    EXPECT_EQ(first.has_value(), *c.found != '\0') << c.host;
    if (first) EXPECT_EQ(std::atoi(c.found), static_cast<int>(first->source)) << c.host;
  }
  EXPECT_EQ(set->mismatches(), 0u);
  EXPECT_TRUE(set->checksum_holds());
}

TEST(DomainSet, TellsHowAHostMatches) {
  const MadeSet set({{"example.com", itself_and_below, 7}, {"other.test"}});
  const std::string host = "www.example.com";
  const auto match = set->find(host, name);
  ASSERT_TRUE(match);
  EXPECT_LT(match->entry, 2u);
  EXPECT_EQ(match->source, 7u);
  EXPECT_EQ(match->kind, itself_and_below);
  EXPECT_FALSE(match->itself);
  EXPECT_EQ(match->name.data(), host.data() + 4);
}

TEST(DomainSet, Empty) {
  const MadeSet set({});
  ASSERT_TRUE(set.made());
  EXPECT_EQ(set->size(), 0u);
  EXPECT_TRUE(set->checksum_holds());
  for (const char* host : {"", "com", "a.b.c.d.example.com"}) EXPECT_EQ(found(*set, host), "");
}

TEST(DomainSet, LongestNames) {
  std::string labels = "a";
  for (size_t i = 1; i < kMostLabels; ++i) labels += ".a";
  const std::string label(63, 'b');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'c');
  const MadeSet set(
      {{labels, itself_and_below, 1}, {longest, itself_and_below, 2}, {"a.a", below, 3}});
  EXPECT_EQ(found(*set, labels), "1 " + labels + ", 3 *.a.a");
  EXPECT_EQ(found(*set, "a." + labels), "1 *." + labels + ", 3 *.a.a");
  EXPECT_EQ(found(*set, longest), "2 " + longest);
  EXPECT_EQ(found(*set, std::string(5000, 'x') + '.' + longest), "2 *." + longest);
  EXPECT_EQ(found(*set, longest + 'c'), "");
}

TEST(DomainSet, HashesOfOneKeyServeSeveralSets) {
  const MadeSet one({{"example.com", itself_and_below, 1}}), two({{"com", below, 2}});
  const MadeSet of_other_key({{"example.com", itself_and_below, 3}}, {5, 6});
  const HostHashes host(kTestKey, "www.example.com", name);
  EXPECT_EQ(one->find(host)->source, 1u);
  EXPECT_EQ(two->find(host)->source, 2u);
  EXPECT_EQ(of_other_key->find(host)->source, 3u);
  EXPECT_EQ(of_other_key->find_all(host).size(), 1u);
}

TEST(DomainSet, ANameThatOnlyHasTheHashOfAnEntryIsCountedAndDoesNotMatch) {
  const MadeSet set({{"a.listed.test", itself_and_below, 1}, {"a.too.test", itself_and_below, 2}},
                    kKeyThatCollides);
  ASSERT_TRUE(set.made());
  EXPECT_EQ(set->find("a.listed.test", name)->source, 1u);
  EXPECT_EQ(set->find("a.too.test", name)->source, 2u);
  const uint64_t before = set->mismatches();
  EXPECT_FALSE(set->find("a.third.test", name));
  EXPECT_EQ(set->mismatches(), before + 2);
}

/// The obvious evaluator: all suffixes in a map.
class Obvious {
 public:
  void add(const std::string& name, DomainKind kind, uint32_t source) {
    const auto [at, added] = entries_.try_emplace(name, kind, source);
    if (!added) at->second.first = both(at->second.first, kind);
  }
  std::string found(const std::string& host, HostForm form) const {
    std::string all;
    for (size_t at = 0; at != std::string::npos; at = next(host, at)) {
      const auto entry = entries_.find(host.substr(at));
      if (entry != entries_.end() && covers(entry->second.first, at == 0 ? itself : below)) {
        all += all.empty() ? "" : ", ";
        all += std::to_string(entry->second.second) + ' ' + (at == 0 ? "" : "*.") + entry->first;
      }
      if (form == literal) break;
    }
    return all;
  }
  size_t size() const { return entries_.size(); }

 private:
  static size_t next(const std::string& host, size_t at) {
    const size_t dot = host.find('.', at);
    return dot == std::string::npos ? dot : dot + 1;
  }
  std::map<std::string, std::pair<DomainKind, uint32_t>> entries_;
};

class Property : public testing::TestWithParam<DomainKey> {};

std::string random_name(std::mt19937& random) {
  static const char* const kLabels[] = {"a", "b", "ab", "seven77", "eight888", "fourteen-14-14",
                                        "15"};
  std::string name;
  for (size_t labels = 1 + random() % 5; labels > 0; --labels) {
    if (!name.empty()) name += '.';
    name += kLabels[random() % std::size(kLabels)];
  }
  return name;
}

TEST_P(Property, AgreesWithTheObviousEvaluator) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Obvious obvious;
    std::vector<std::string> names(random() % 200);
    std::vector<Domain> domains;
    for (std::string& each : names) {
      each = random_name(random);
      const auto kind = static_cast<DomainKind>(1 + random() % 3);
      const auto source = static_cast<uint32_t>(random());
      obvious.add(each, kind, source);
      domains.push_back({each, kind, source});
    }
    const MadeSet set(domains, GetParam());
    ASSERT_TRUE(set.made());
    ASSERT_EQ(set->size(), obvious.size());
    for (int asked = 0; asked < 300; ++asked) {
      const std::string host = random_name(random);
      const HostForm form = random() % 8 == 0 ? literal : name;
      ASSERT_EQ(found(*set, host, form), obvious.found(host, form)) << host;
      const auto first = set->find(host, form);
      ASSERT_EQ(first.has_value(), !obvious.found(host, form).empty());
    }
    if (GetParam() == kTestKey) EXPECT_EQ(set->mismatches(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(DomainSet, Property, testing::Values(kTestKey, kKeyThatCollides));

}  // namespace
}  // namespace weir::match
