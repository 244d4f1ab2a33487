#include "base/siphash.h"

#include <bit>
#include <cstring>

#include "base/hash.h"

namespace weir::base {
namespace {

static_assert(std::endian::native == std::endian::little);

struct State {
  uint64_t v0, v1, v2, v3;

  explicit State(const SipKey& key)
      : v0(key.first ^ 0x736f6d6570736575),
        v1(key.second ^ 0x646f72616e646f6d ^ 0xee),  // 0xee: 128 bits are asked for.
        v2(key.first ^ 0x6c7967656e657261),
        v3(key.second ^ 0x7465646279746573) {}

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void add(uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
  uint64_t half() {
    for (int i = 0; i < 3; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

SipKey SipKey::draw() {
  return {draw_hash_seed(), draw_hash_seed()};
}

Hash128 siphash(const SipKey& key, std::string_view text) {
  State state(key);
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    state.add(word);
  }
  uint64_t last = uint64_t{text.size() & 0xff} << 56;
  for (size_t i = 0; i < left; ++i) last |= uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  state.add(last);
  state.v2 ^= 0xee;
  Hash128 hash;
  hash.low = state.half();
  state.v1 ^= 0xdd;
  hash.high = state.half();
  return hash;
}

}  // namespace weir::base
