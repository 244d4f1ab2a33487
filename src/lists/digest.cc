#include "lists/digest.h"

#include <bit>
#include <cstring>

namespace weir::lists {

void Digester::number(uint64_t value) {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    uint64_t& lane = lanes_[i];
    lane = (lane ^ value) * 0xff51afd7ed558ccd;
    lane = std::rotl(lane, 29) + (2 * i + 1) * 0x9e3779b97f4a7c15;
  }
}

void Digester::text(std::string_view text) {
  number(text.size());
  while (!text.empty()) {
    uint64_t word = 0;
    const size_t size = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), size);
    number(word);
    text.remove_prefix(size);
  }
}

match::SourceDigest Digester::digest() const {
  match::SourceDigest digest;
  static_assert(sizeof digest == sizeof lanes_);
  for (size_t i = 0; i < lanes_.size(); ++i) {
    uint64_t lane = lanes_[i];
    lane = (lane ^ lane >> 33) * 0xc4ceb9fe1a85ec53;
    lane ^= lane >> 29;
    std::memcpy(digest.data() + i * sizeof lane, &lane, sizeof lane);
  }
  return digest;
}

}  // namespace weir::lists
