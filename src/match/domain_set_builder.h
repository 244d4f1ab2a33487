// Makes the image of a domain set from names in any order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "match/domain_hash.h"
#include "match/domain_set_layout.h"
#include "match/image_writer.h"

namespace weir::match {

/// Use it once, on one thread; building takes a quarter of a second for a million names, so not on
/// a worker.
class DomainSetBuilder {
 public:
  /// Enough for about 12 million names of common length.
  static constexpr size_t kMostBytes = size_t{1} << 30;

  enum class Added : uint8_t {
    yes,
    /// can_be_listed refuses the name. The set is as it was.
    no_name,
    /// The names take all the memory that they may take. The set is as it was.
    full,
  };

  /// `most_bytes`: memory that this object uses at most, until after write().
  explicit DomainSetBuilder(const DomainKey& key, size_t most_bytes = kMostBytes)
      : key_(key), most_bytes_(most_bytes) {}

  /// `name` in lower case, in punycode, without the final dot. A name that is added again keeps its
  /// first source, and matches what either of its kinds matches. Names that come again take memory
  /// until write().
  Added add(std::string_view name, DomainKind kind, uint32_t source);

  /// Writes the image. Fails if the sink does.
  base::Result<void> write(const SourceDigest& digest, const ImageSink& sink) &&;

 private:
  /// A record in the blocks, and what is asked of it while the names are sorted.
  struct Name {
    uint64_t hash;
    uint32_t at;
    uint8_t length;
  };
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t used;
  };
  static constexpr size_t kBlockBytes = size_t{1} << 20;
  // `at` has 32 bits.
  static constexpr size_t kMostBlocks = 4095;

  bool has_room(size_t record_bytes) const;
  bool fits_last_block(size_t record_bytes) const;
  std::byte* record(const Name& name) const {
    return blocks_[name.at / kBlockBytes].bytes.get() + name.at % kBlockBytes;
  }
  std::string_view text(const Name& name) const;

  /// By hash, and in the order of adding if they have the same.
  std::vector<Name> sorted_names() const;
  /// Leaves each name once.
  void unite(std::vector<Name>& names) const;
  /// If `name` is among the last ones of `before`, adds its kind there and returns true.
  bool join(std::span<const Name> before, const Name& name) const;

  void write_bitmap(std::span<const Name> names, uint64_t bits, ImageWriter& to) const;
  /// Fails if a bucket is too large.
  base::Result<void> write_index(std::span<const Name> names, uint32_t bucket_bits,
                                 ImageWriter& to) const;
  void write_prints(std::span<const Name> names, uint32_t bucket_bits, ImageWriter& to) const;
  void write_records(std::span<const Name> names, ImageWriter& to) const;

  const DomainKey key_;
  const size_t most_bytes_;
  uint32_t count_ = 0;
  // Records as they stand in the image. None continues in the next block.
  std::vector<Block> blocks_;
};

}  // namespace weir::match
