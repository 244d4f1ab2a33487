// Durations in buckets that are at most 1/32 wide, so that a million of them cost a few kilobytes.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace weir::bench {

class Histogram {
 public:
  void add(uint64_t value) {
    ++buckets_[index_of(value)];
    ++count_;
  }
  /// The value at or below which `part` (0 to 1) of all values are: the lower end of its bucket. 0
  /// if there are no values.
  uint64_t quantile(double part) const {
    const auto wanted = static_cast<uint64_t>(part * static_cast<double>(count_));
    uint64_t seen = 0;
    for (uint32_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted || (seen == count_ && seen != 0)) return value_of(i);
    }
    return 0;
  }

 private:
  static constexpr uint32_t kBits = 5;  // 32 buckets for each power of two.

  static uint32_t index_of(uint64_t value) {
    const auto width = static_cast<uint32_t>(std::bit_width(value));
    if (width <= kBits + 1) return static_cast<uint32_t>(value);
    const uint32_t shift = width - kBits - 1;
    return (shift << kBits) + static_cast<uint32_t>(value >> shift);
  }
  static uint64_t value_of(uint32_t index) {
    if (index < (2U << kBits)) return index;
    const uint32_t shift = (index >> kBits) - 1;
    return static_cast<uint64_t>(index - (shift << kBits)) << shift;
  }

  std::array<uint64_t, size_t{66 - kBits} << kBits> buckets_{};
  uint64_t count_ = 0;
};

}  // namespace weir::bench
