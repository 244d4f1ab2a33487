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

TEST(Hash, ATableFindsByView) {
  std::unordered_map<std::string, int, TextHash, std::equal_to<>> table;
  table["one.example:80"] = 1;
  EXPECT_EQ(table.find(std::string_view("one.example:80"))->second, 1);
  EXPECT_EQ(table.find(std::string_view("two.example:80")), table.end());
}

}  // namespace
}  // namespace weir::base
