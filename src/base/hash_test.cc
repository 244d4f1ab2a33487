#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_map>

namespace weir::base {
namespace {

TEST(Hash, EveryByteAndTheLengthCount) {
  for (size_t size = 0; size <= 70; ++size) {
    std::string text(size, 'a');
    std::set<uint64_t> seen{hash_of(text)};
    for (size_t at = 0; at < size; ++at) {
      for (const char other : {'b', 'A', '\0'}) {
        text[at] = other;
        EXPECT_TRUE(seen.insert(hash_of(text)).second) << size << " bytes, byte " << at;
        EXPECT_EQ(hash_of(text), hash_of(std::string(text)));
      }
      text[at] = 'a';
    }
    seen.insert(hash_of(text + "a"));
    EXPECT_EQ(seen.size(), size * 3 + 2);
  }
}

TEST(Hash, NamesThatDifferLittleSpreadOverTheBuckets) {
  constexpr size_t kNames = 4096, kBuckets = 1024;
  size_t fill[kBuckets] = {};
  for (size_t i = 0; i < kNames; ++i)
    ++fill[hash_of("host" + std::to_string(i) + ".example.com:80") % kBuckets];
  // Four per bucket on average. By chance, one of a thousand buckets has twenty with a probability
  // below one in ten thousand.
  for (const size_t in_one : fill) EXPECT_LT(in_one, 20u);
}

/// With a constant in place of the second seed, whoever chose eight bytes so that they cancelled it
/// made all texts with any other eight bytes equal.
TEST(Hash, NoChosenBytesCancelWhatElseIsInTheText) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15, kOther = 0xd1b54a32d192ed03;
  for (const size_t size : {size_t{32}, size_t{96}, size_t{144}, size_t{240}}) {
    for (const uint64_t chosen : {kOdd, kOther, kOther ^ size * kOdd}) {
      for (const size_t place : {size_t{0}, size - 16}) {
        std::set<uint64_t> seen;
        for (uint64_t free = 0; free < 1000; ++free) {
          std::string text(size, 'a');
          std::memcpy(text.data() + place, &chosen, sizeof chosen);
          std::memcpy(text.data() + place + 8, &free, sizeof free);
          seen.insert(hash_of(text));
        }
        EXPECT_EQ(seen.size(), 1000u) << size << " bytes, at " << place;
      }
    }
  }
}

TEST(Hash, ATableFindsByView) {
  std::unordered_map<std::string, int, TextHash, std::equal_to<>> table;
  table["one.example:80"] = 1;
  EXPECT_EQ(table.find(std::string_view("one.example:80"))->second, 1);
  EXPECT_EQ(table.find(std::string_view("two.example:80")), table.end());
}

}  // namespace
}  // namespace weir::base
