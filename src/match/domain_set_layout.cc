#include "match/domain_set_layout.h"

#include <cstddef>

namespace weir::match {
namespace {

// Fewer and larger buckets save memory; in smaller ones fewer prints are compared.
constexpr uint32_t kNamesPerBucket = 12;

}  // namespace

DomainSetLayout::DomainSetLayout(const DomainSetHeader& header) {
  const size_t buckets = size_t{1} << header.bucket_bits;
  bitmap = sizeof(DomainSetHeader);
  index = bitmap + aligned(header.names + 1);  // Never empty.
  prints = index + aligned((buckets + 1) * sizeof(DomainBucket));
  records = prints + aligned(header.names * kPrintBytes + kBytesBeyondPrint);
  trailer = records + aligned(header.record_bytes);
  end = trailer + sizeof(DomainSetTrailer);
}

uint32_t bucket_bits_for(uint32_t names) {
  uint32_t bits = 1;  // With none, a shift by 64 would be needed.
  while (bits < kMostBucketBits && (uint64_t{1} << bits) * kNamesPerBucket < names) ++bits;
  return bits;
}

uint64_t DomainSetHeader::right_checksum() const {
  // The checksum itself counts as 0.
  DomainSetHeader copy = *this;
  copy.checksum = 0;
  ImageChecksum sum;
  sum.add(std::as_bytes(std::span(&copy, 1)));
  return sum.value();
}

void ImageChecksum::add(std::span<const std::byte> bytes) {
  for (size_t at = 0; at + 16 <= bytes.size(); at += 16) {
    // The odd constant keeps two factors that are often 0 from being so.
    const auto product =
        static_cast<unsigned __int128>(load<uint64_t>(bytes, at) ^ 0x9e3779b97f4a7c15) *
        (load<uint64_t>(bytes, at + 8) ^ value_);
    value_ = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
}

}  // namespace weir::match
