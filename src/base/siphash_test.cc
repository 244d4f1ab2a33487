#include "base/siphash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace weir::base {
namespace {

std::string hex(const Hash128& hash) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  unsigned char bytes[16];
  std::memcpy(bytes, &hash.low, 8);
  std::memcpy(bytes + 8, &hash.high, 8);
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

/// As OpenSSL's `mac` has them for the bytes 0, 1, 2 ... and the key 00 01 .. 0f, with c-rounds 1
/// and d-rounds 3.
TEST(SipHash, IsWhatOthersCompute) {
  const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const std::pair<size_t, const char*> known[] = {
      {0, "E77EBCB22788A5BEFD62DB6ADD303001"},  {1, "FC6F370460D3EDA85E0573CC2B2FF063"},
      {7, "1084B923F2AAE0C3A62F2EC80848AB77"},  {8, "AA12FEE1D5E3DAB4724F16AB35F9C799"},
      {15, "C17E5505B2BD526C2921CDEC1E7E0109"}, {16, "D0A8D95715518EEBB513B0F83D9E1793"},
      {63, "4C5800E34EFE426F079F6B0AA75260AD"}};
  for (const auto& [size, hash] : known) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(i);
    EXPECT_EQ(hex(siphash(key, text)), hash) << size;
  }
}

TEST(SipHash, BothHalvesOfTheKeyCount) {
  const Hash128 hash = siphash({1, 2}, "text");
  EXPECT_NE(siphash({3, 2}, "text"), hash);
  EXPECT_NE(siphash({1, 3}, "text"), hash);
  EXPECT_NE(siphash(SipKey::draw(), "text"), siphash(SipKey::draw(), "text"));
}

}  // namespace
}  // namespace weir::base
