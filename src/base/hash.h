// A quick hash for tables whose keys come from the network.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::base {

/// A new random seed at each call, from the kernel.
uint64_t draw_hash_seed();

/// Hashes with seeds drawn once per process, so that no outsider can choose names that fall into
/// one bucket. Multiplies sixteen bytes at a time into 128 bits and folds those. There is a secret
/// in each factor: whoever could make one of them zero would be rid of all that came before. The
/// result is useless outside this process, so it must not be stored.
inline uint64_t hash_of(std::string_view text) {
  struct Seeds {
    uint64_t first = draw_hash_seed(), second = draw_hash_seed();
  };
  static const Seeds seeds;
  const auto fold = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  const auto word = [](const char* at, size_t size) {
    uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
  };
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const char* at = text.data();
  size_t left = text.size();
  uint64_t hash = seeds.second;
  for (; left > 16; left -= 16, at += 16)
    hash = fold(word(at, 8) ^ seeds.first, word(at + 8, 8) ^ hash);
  uint64_t low = 0, high = 0;
  if (left >= 8) {
    low = word(at, 8);
    high = word(at + left - 8, 8);
  } else if (left >= 4) {
    low = word(at, 4);
    high = word(at + left - 4, 4);
  } else if (left > 0) {
    low = static_cast<uint64_t>(static_cast<unsigned char>(at[0])) << 16 |
          static_cast<uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 |
          static_cast<unsigned char>(at[left - 1]);
  }
  return fold(low ^ seeds.first ^ text.size() * kOdd, high ^ hash) ^ hash >> 32;
}

/// For unordered containers of std::string that are searched by std::string_view.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return hash_of(text); }
};

}  // namespace weir::base
