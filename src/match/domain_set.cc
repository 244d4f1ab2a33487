#include "match/domain_set.h"

#include <algorithm>

namespace weir::match {
namespace {

base::Result<DomainSetHeader> read_header(std::span<const std::byte> image) {
  constexpr auto refuse = [](const char* why) {
    return base::fail(base::ErrorType::proxy_internal_error, why);
  };
  if (image.size() < sizeof(DomainSetHeader)) return refuse("It is cut off.");
  const auto header = load<DomainSetHeader>(image, 0);
  if (header.magic != kDomainSetMagic) return refuse("It is no domain set of this machine.");
  if (header.version != kDomainSetVersion) return refuse("It is of another version.");
  if (header.checksum != header.right_checksum()) return refuse("Its header is damaged.");
  if (header.bucket_bits < 1 || header.bucket_bits > kMostBucketBits || header.names > kMostDomains)
    return refuse("Its header has counts out of range.");
  if (image.size() != DomainSetLayout(header).end) return refuse("Its length is wrong.");
  return header;
}

}  // namespace

base::Result<std::unique_ptr<const DomainSet>> DomainSet::over(std::span<const std::byte> image) {
  TRY(const DomainSetHeader header, read_header(image));
  return std::unique_ptr<const DomainSet>(new DomainSet(image, header));
}

std::optional<DomainMatch> DomainSet::find(std::string_view host, HostForm form) const {
  const HostHashes hashes(key(), host, form);
  size_t left = hashes.count();
  return next(hashes, left);
}

std::optional<DomainMatch> DomainSet::find(const HostHashes& host) const {
  // Asking with the wrong hashes would find nothing, so that a denial would be lost.
  if (host.key() != key()) return find(host.host(), host.form());
  size_t left = host.count();
  return next(host, left);
}

std::vector<DomainMatch> DomainSet::find_all(const HostHashes& host) const {
  if (host.key() != key()) return find_all(HostHashes(key(), host.host(), host.form()));
  std::vector<DomainMatch> found;
  for (size_t left = host.count(); left > 0;) {
    if (const auto match = next(host, left)) found.push_back(*match);
  }
  return found;
}

std::optional<DomainMatch> DomainSet::next(const HostHashes& host, size_t& left) const {
  while (left > 0) {
    --left;
    if (!may_have(host.hash(left))) continue;
    if (auto match = look_up(host, left)) return match;
  }
  return std::nullopt;
}

bool DomainSet::may_have(uint64_t hash) const {
  const uint64_t bit = bitmap_bit_of(hash, bitmap_bits_);
  const auto eight = static_cast<unsigned>(image_[layout_.bitmap + bit / 8]);
  return (eight >> bit % 8 & 1) != 0;
}

std::optional<DomainMatch> DomainSet::look_up(const HostHashes& host, size_t number) const {
  const uint64_t hash = host.hash(number);
  const size_t slot = layout_.index + bucket_of(hash, header_.bucket_bits) * sizeof(DomainBucket);
  const auto bucket = load<DomainBucket>(image_, slot);
  const uint32_t end = load<DomainBucket>(image_, slot + sizeof(DomainBucket)).first_name;
  // Only in a damaged image, and then the work is bounded.
  if (end > size() || bucket.first_name > end || end - bucket.first_name > kLargestBucket)
    return std::nullopt;
  // The prints and the records, which take about four lines, come from memory at the same time. A
  // prefetch of what is behind the image does nothing.
  const std::byte* const records =
      image_.data() + layout_.records + std::min(bucket.first_record_byte, header_.record_bytes);
  for (size_t line = 0; line < 4; ++line) __builtin_prefetch(records + line * 64);
  const uint64_t print = print_of(hash, header_.bucket_bits);
  for (uint32_t entry = bucket.first_name; entry < end; ++entry) {
    constexpr uint64_t kPrintMask = (uint64_t{1} << 8 * kPrintBytes) - 1;
    const size_t at = layout_.prints + size_t{entry} * kPrintBytes;
    if ((load<uint64_t>(image_, at) & kPrintMask) != print) continue;
    const std::string_view name = host.suffix(number);
    auto match = verify(bucket, entry, name);
    if (!match) continue;
    match->itself = name.size() == host.host().size();
    // The name is in the set once, so no other entry can match.
    if (covers(match->kind, match->itself ? DomainKind::itself : DomainKind::below)) return match;
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<DomainMatch> DomainSet::verify(const DomainBucket& bucket, uint32_t entry,
                                             std::string_view name) const {
  uint64_t at = bucket.first_record_byte;
  std::optional<DomainRecord> record = record_at(at);
  for (uint32_t skipped = bucket.first_name; record && skipped < entry; ++skipped) {
    at += DomainRecord::kBytes + record->length;
    record = record_at(at);
  }
  if (record && record->length == name.size() &&
      std::memcmp(image_.data() + layout_.records + at + DomainRecord::kBytes, name.data(),
                  name.size()) == 0)
    return DomainMatch{entry, record->source, record->kind, false, name};
  mismatches_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

/// nullopt if the record and its name are not inside the records.
std::optional<DomainRecord> DomainSet::record_at(uint64_t offset) const {
  if (offset + DomainRecord::kBytes > header_.record_bytes) return std::nullopt;
  const size_t at = layout_.records + offset;
  const DomainRecord record{load<uint32_t>(image_, at), load<DomainKind>(image_, at + 4),
                            load<uint8_t>(image_, at + 5)};
  if (offset + DomainRecord::kBytes + record.length > header_.record_bytes) return std::nullopt;
  return record;
}

bool DomainSet::checksum_holds() const {
  ImageChecksum sum;
  sum.add(image_.first(layout_.trailer));
  return load<DomainSetTrailer>(image_, layout_.trailer) == DomainSetTrailer(sum.value());
}

}  // namespace weir::match
