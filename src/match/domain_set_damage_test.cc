#include <gtest/gtest.h>

#include "match/domain_set_fake.h"

namespace weir::match {
namespace {

using enum DomainKind;

// Damage. Nothing outside the image is read (AddressSanitizer sees it), and the checksum tells.

MadeSet small_set() {
  return MadeSet({{"example.com", itself_and_below, 1},
                  {"www.example.com", itself, 2},
                  {"below.test", below, 3},
                  {"a.b.c.test", itself_and_below, 4},
                  {"lan", itself_and_below, 5}});
}

/// Asks for hosts that are listed and others, and uses what is found.
size_t ask(const DomainSet& set) {
  size_t used = 0;
  for (const char* host : {"example.com", "x.example.com", "www.example.com", "a.below.test",
                           "below.test", "x.a.b.c.test", "lan", "printer.lan", "nowhere.test"}) {
    for (const DomainMatch& match : set.find_all(HostHashes(kTestKey, host, HostForm::name)))
      used += match.source + match.name.size();
    if (const auto match = set.find(host, HostForm::name)) used += match->entry;
  }
  return used;
}

TEST(DomainSetDamage, WhatIsNoImageIsRefused) {
  const auto why = [](const std::vector<std::byte>& image) {
    const auto set = DomainSet::over(image);
    return set ? std::string() : std::string(set.error().detail());
  };
  EXPECT_EQ(why({}), "It is cut off.");
  EXPECT_EQ(why(std::vector<std::byte>(5000)), "It is no domain set of this machine.");
  const MadeSet set({{"a.test"}});
  std::vector<std::byte> other = set.image();
  other[8] = std::byte{kDomainSetVersion + 1};
  EXPECT_EQ(why(other), "It is of another version.");
}

TEST(DomainSetDamage, EveryLengthButTheRightOneIsRefused) {
  const MadeSet set = small_set();
  for (size_t length = 0; length < set.image().size(); ++length) {
    std::vector<std::byte> cut(set.image().begin(),
                               set.image().begin() + static_cast<ptrdiff_t>(length));
    cut.shrink_to_fit();
    EXPECT_FALSE(DomainSet::over(cut)) << length;
  }
  std::vector<std::byte> longer = set.image();
  longer.resize(longer.size() + 16);
  EXPECT_FALSE(DomainSet::over(longer));
}

TEST(DomainSetDamage, EveryByteCounts) {
  const MadeSet good = small_set();
  const size_t right = ask(*good);
  EXPECT_GT(right, 0u);
  for (size_t at = 0; at < good.image().size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> image = good.image();
      image.shrink_to_fit();
      image[at] ^= std::byte(flip);
      const auto set = DomainSet::over(image);
      if (!set) continue;
      EXPECT_GE(at, sizeof(DomainSetHeader)) << "a damaged header passed";
      EXPECT_FALSE((*set)->checksum_holds()) << at;
      ask(**set);
    }
  }
}

TEST(DomainSetDamage, ARecordThatClaimsToGoOnBehindTheImage) {
  const std::string listed(36, 'a'), asked(85, 'a');  // Both have one byte more than blocks.
  const MadeSet good({{listed}}, kKeyThatCollides);
  std::vector<std::byte> image = good.image();
  image.shrink_to_fit();
  const size_t length = good->hot_bytes() + 5;
  ASSERT_EQ(image[length], std::byte{36});
  image[length] = std::byte{85};
  const auto set = DomainSet::over(image);
  ASSERT_TRUE(set);
  EXPECT_FALSE((*set)->find(asked, HostForm::name));
  EXPECT_EQ((*set)->mismatches(), 1u);
}

TEST(DomainSetDamage, RandomBytesBehindAGoodHeader) {
  const MadeSet good = small_set();
  uint32_t random = 1;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> image = good.image();
    image.shrink_to_fit();
    const bool bits = round % 2 != 0;  // Else the bitmap says yes to all.
    for (size_t at = sizeof(DomainSetHeader); at < image.size(); ++at) {
      random = random * 1664525 + 1013904223;
      if (at < sizeof(DomainSetHeader) + 16 && !bits) image[at] = std::byte{0xff};
      // Mostly small numbers, so that some are within limits.
      else if (random >> 30 != 0)
        image[at] = std::byte((random >> 16) % (bits ? 256 : 8));
    }
    const auto set = DomainSet::over(image);
    ASSERT_TRUE(set);
    ask(**set);
  }
}

TEST(DomainSetDamage, CountsOutOfRangeWithARightHeaderChecksum) {
  const MadeSet good = small_set();
  const struct {
    uint32_t bucket_bits, names, record_bytes;
  } cases[] = {{0, 5, 90},
               {1, 0xffffffff, 90},
               {63, 5, 90},
               {64, 5, 90},
               {0xffffffff, 5, 90},
               {1, kMostDomains, 0xffffffff},
               {kMostBucketBits, 5, 90},
               {1, 5, 0xffffffff}};
  for (const auto& c : cases) {
    std::vector<std::byte> image = good.image();
    auto header = load<DomainSetHeader>(image, 0);
    header.bucket_bits = c.bucket_bits;
    header.names = c.names;
    header.record_bytes = c.record_bytes;
    header.checksum = header.right_checksum();
    std::memcpy(image.data(), &header, sizeof header);
    EXPECT_FALSE(DomainSet::over(image));
  }
}

}  // namespace
}  // namespace weir::match
