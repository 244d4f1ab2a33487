#include "stages/auth/answers.h"

#include <bit>
#include <cstring>
#include <random>
#include <string>

namespace weir::auth {

uint64_t siphash(uint64_t key0, uint64_t key1, std::string_view bytes) {
  uint64_t a = key0 ^ 0x736f6d6570736575, b = key1 ^ 0x646f72616e646f6d,
           c = key0 ^ 0x6c7967656e657261, d = key1 ^ 0x7465646279746573;
  const auto round = [&] {
    a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
    c += d, d = std::rotl(d, 16) ^ c;
    a += d, d = std::rotl(d, 21) ^ a;
    c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
  };
  const auto take = [&](uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  };
  const uint64_t length = bytes.size();
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    take(word);
  }
  uint64_t last = length << 56;
  for (size_t i = 0; i < bytes.size(); ++i)
    last |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  take(last);
  c ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return a ^ b ^ c ^ d;
}

Answers::Answers() {
  std::random_device random;
  for (uint64_t& word : key_) word = uint64_t{random()} << 32 | random();
}

Print Answers::print_of(std::string_view user, std::string_view password) const {
  // A user's name has no colon, so no other pair gives the same text.
  std::string both;
  both.reserve(user.size() + 1 + password.size());
  both.append(user).append(":").append(password);
  const Print print{siphash(key_[0], key_[1], both), siphash(key_[2], key_[3], both)};
  explicit_bzero(both.data(), both.size());
  return print;
}

bool Answers::has(const Print& print, uint64_t now_ms) {
  std::lock_guard lock(mutex_);
  const auto at = until_ms_.find(print);
  if (at == until_ms_.end()) return false;
  if (now_ms < at->second) return true;
  until_ms_.erase(at);
  return false;
}

void Answers::add(const Print& print, uint64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (until_ms_.size() >= kMost)
    std::erase_if(until_ms_, [&](const auto& each) { return each.second <= now_ms; });
  // All entries are still valid: drop any one. That login is checked again when it next comes.
  if (until_ms_.size() >= kMost) until_ms_.erase(until_ms_.begin());
  until_ms_[print] = now_ms + kKeptMs;
}

void Answers::clear() {
  std::lock_guard lock(mutex_);
  until_ms_.clear();
}

size_t Answers::size() {
  std::lock_guard lock(mutex_);
  return until_ms_.size();
}

}  // namespace weir::auth
