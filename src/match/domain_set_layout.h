// The bytes of a domain set's image, in the machine's own byte order:
//
//   header    counts, key, digest
//   bitmap    8 bits a name, of which one is set: most names that are in no set are found out here
//   index     for each bucket, where its prints and its records begin; one more at the end
//   prints    6 bytes of each name's hash, bucket by bucket; the bucket stands for the hash's first
//             bits, so that of a large set's hashes all 64 bits are kept
//   records   source, kind and text of each name, in the same order; read only after a print agrees
//   trailer   a checksum of all sections
//
// Each section begins at a multiple of 16. Their sizes follow from the header, so that an image
// holds no offsets of sections that could be wrong.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "match/domain_hash.h"

namespace weir::match {

/// Read on a machine with another byte order it is another number.
constexpr uint64_t kDomainSetMagic = 0x315445535249'4557;  // "WEIRSET1"
/// Goes up when the layout or the hash changes.
constexpr uint32_t kDomainSetVersion = 1;
constexpr uint32_t kMostDomains = 1u << 26;
constexpr uint32_t kMostBucketBits = 24;
/// Where a hash puts names by chance, a bucket has about 12 and hardly ever 40.
constexpr uint32_t kLargestBucket = 255;
constexpr size_t kPrintBytes = 6;
/// A print is read as eight bytes, so two bytes follow the last one.
constexpr size_t kBytesBeyondPrint = sizeof(uint64_t) - kPrintBytes;

/// What an image was made from, as its maker identifies it: room for a SHA-256.
using SourceDigest = std::array<uint8_t, 32>;

/// Which hosts an entry matches: the name itself, all names below it, or both. A set of two bits.
enum class DomainKind : uint8_t { itself = 1, below = 2, itself_and_below = 3 };

constexpr DomainKind both(DomainKind a, DomainKind b) {
  return static_cast<DomainKind>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// Whether `part` is in `kind`.
constexpr bool covers(DomainKind kind, DomainKind part) {
  return (static_cast<unsigned>(kind) & static_cast<unsigned>(part)) != 0;
}

struct DomainSetHeader {
  uint64_t magic = kDomainSetMagic;
  uint32_t version = kDomainSetVersion;
  uint32_t bucket_bits = 1;
  DomainKey key;
  uint32_t names = 0;
  uint32_t record_bytes = 0;
  SourceDigest digest{};
  std::array<uint64_t, 2> unused{};
  /// Of the fields above.
  uint64_t checksum = 0;

  uint64_t right_checksum() const;
};
static_assert(sizeof(DomainSetHeader) == 96);

struct DomainBucket {
  uint32_t first_name;
  uint32_t first_record_byte;
};

/// Stands before each name in the records; without padding there.
struct DomainRecord {
  static constexpr size_t kBytes = 6;
  uint32_t source;
  DomainKind kind;
  uint8_t length;
};

/// The checksum of all bytes before it, twice, so that the trailer has no byte without a meaning.
struct DomainSetTrailer {
  explicit DomainSetTrailer(uint64_t checksum = 0) : checksum(checksum), again(checksum) {}
  uint64_t checksum, again;
  friend bool operator==(const DomainSetTrailer&, const DomainSetTrailer&) = default;
};

/// Where the sections of an image begin.
struct DomainSetLayout {
  size_t bitmap, index, prints, records, trailer, end;

  /// The header's counts must be within the limits above.
  explicit DomainSetLayout(const DomainSetHeader& header);
  uint64_t bitmap_bits() const { return (index - bitmap) * 8; }
};

/// The number of bits with which buckets have 6 to 12 names.
uint32_t bucket_bits_for(uint32_t names);

inline uint64_t bucket_of(uint64_t hash, uint32_t bucket_bits) {
  return hash >> (64 - bucket_bits);
}
inline uint64_t print_of(uint64_t hash, uint32_t bucket_bits) {
  return (hash << bucket_bits) >> (64 - 8 * kPrintBytes);
}
/// Made from other bits than the bucket.
inline uint64_t bitmap_bit_of(uint64_t hash, uint64_t bitmap_bits) {
  return (hash & 0xffffffff) * bitmap_bits >> 32;
}

constexpr size_t kSectionAlignment = 16;
constexpr size_t aligned(size_t size) {
  return (size + kSectionAlignment - 1) & ~(kSectionAlignment - 1);
}

/// Finds damage by accident; no protection against anybody.
class ImageChecksum {
 public:
  /// An image within another one has another beginning: with the same one, the sum of the outer
  /// image would forget at the inner one's trailer what it has seen.
  explicit ImageChecksum(uint64_t begin = kDomainSetMagic) : value_(begin) {}
  /// Whole multiples of 16 bytes.
  void add(std::span<const std::byte> bytes);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_;
};

/// Reads a T at `offset`, which the caller has found to be inside.
template <class T>
T load(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace weir::match
