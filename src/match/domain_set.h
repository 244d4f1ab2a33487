// An immutable set of up to millions of domains over the bytes of an image.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "match/domain_hash.h"
#include "match/domain_set_layout.h"

namespace weir::match {

/// An entry that matches a host.
struct DomainMatch {
  /// The entry's number in its image, from 0.
  uint32_t entry;
  /// What the builder was given with the entry, such as the number of a list and line.
  uint32_t source;
  DomainKind kind;
  /// The host is the entry's name; otherwise the host is below it.
  bool itself;
  /// The entry's name, in the memory of the host that was looked up.
  std::string_view name;
};

/// Does not own the image. Any thread, any number at once. Nothing outside the image is read,
/// whatever its bytes are; an image that is damaged in its middle answers wrongly at worst, and
/// checksum_holds tells.
class DomainSet {
 public:
  /// Fails if `image` is of another version, shorter or longer than its header says, or has a
  /// damaged header. Takes no time that depends on the size. `image` must outlive the set.
  static base::Result<std::unique_ptr<const DomainSet>> over(std::span<const std::byte> image);
  DomainSet(const DomainSet&) = delete;

  /// The most specific entry that matches: the host itself before its parent, and so on. `host` as
  /// HostHashes wants it. All suffixes are asked if none matches.
  std::optional<DomainMatch> find(std::string_view host, HostForm form) const;
  /// The same for a host whose hashes are already there, from this set or another one: sets of one
  /// key share them. Hashes of another key are not used.
  std::optional<DomainMatch> find(const HostHashes& host) const;
  /// All entries that match, the most specific one first.
  std::vector<DomainMatch> find_all(const HostHashes& host) const;

  /// Reads the whole image, so call it off the workers.
  bool checksum_holds() const;

  uint32_t size() const { return header_.names; }
  const DomainKey& key() const { return header_.key; }
  const SourceDigest& digest() const { return header_.digest; }
  /// Bytes at the beginning of the image that look-ups read; what follows is read only for entries
  /// that match.
  size_t hot_bytes() const { return layout_.records; }
  /// How often a hash agreed and the name did not, so that there was no match. It happens once in
  /// 10^12 look-ups by chance, otherwise the image is damaged.
  uint64_t mismatches() const { return mismatches_.load(std::memory_order_relaxed); }

 private:
  DomainSet(std::span<const std::byte> image, const DomainSetHeader& header)
      : image_(image), header_(header), layout_(header), bitmap_bits_(layout_.bitmap_bits()) {}

  /// Looks up suffix number `left` - 1 and shorter ones until one matches. `left` is how many
  /// suffixes are left after it.
  std::optional<DomainMatch> next(const HostHashes& host, size_t& left) const;
  bool may_have(uint64_t hash) const;
  std::optional<DomainMatch> look_up(const HostHashes& host, size_t number) const;
  std::optional<DomainMatch> verify(const DomainBucket& bucket, uint32_t entry,
                                    std::string_view name) const;
  std::optional<DomainRecord> record_at(uint64_t offset) const;

  const std::span<const std::byte> image_;
  const DomainSetHeader header_;
  const DomainSetLayout layout_;
  const uint64_t bitmap_bits_;
  mutable std::atomic<uint64_t> mismatches_ = 0;
};

}  // namespace weir::match
