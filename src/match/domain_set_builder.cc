#include "match/domain_set_builder.h"

#include <algorithm>
#include <cstring>

namespace weir::match {
namespace {

uint64_t hash_of(const DomainKey& key, std::string_view name) {
  return HostHashes(key, name, HostForm::literal).hash(0);
}

}  // namespace

DomainSetBuilder::Added DomainSetBuilder::add(std::string_view name, DomainKind kind,
                                              uint32_t source) {
  if (!can_be_listed(name)) return Added::no_name;
  const size_t bytes = DomainRecord::kBytes + name.size();
  if (!has_room(bytes)) return Added::full;
  if (!fits_last_block(bytes))
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(kBlockBytes), 0});
  Block& block = blocks_.back();
  std::byte* const to = block.bytes.get() + block.used;
  const auto length = static_cast<uint8_t>(name.size());
  std::memcpy(to, &source, sizeof source);
  std::memcpy(to + 4, &kind, sizeof kind);
  std::memcpy(to + 5, &length, sizeof length);
  std::memcpy(to + DomainRecord::kBytes, name.data(), name.size());
  block.used += bytes;
  ++count_;
  return Added::yes;
}

bool DomainSetBuilder::fits_last_block(size_t record_bytes) const {
  return !blocks_.empty() && kBlockBytes - blocks_.back().used >= record_bytes;
}

bool DomainSetBuilder::has_room(size_t record_bytes) const {
  const size_t blocks = blocks_.size() + (fits_last_block(record_bytes) ? 0 : 1);
  // What write() needs for each name: an element to sort, and its 8 bits.
  const size_t sorting = (size_t{count_} + 1) * (sizeof(Name) + 1);
  return count_ < kMostDomains && blocks <= kMostBlocks &&
         blocks * kBlockBytes + sorting <= most_bytes_;
}

std::string_view DomainSetBuilder::text(const Name& name) const {
  return {reinterpret_cast<const char*>(record(name)) + DomainRecord::kBytes, name.length};
}

std::vector<DomainSetBuilder::Name> DomainSetBuilder::sorted_names() const {
  std::vector<Name> names;
  names.reserve(count_);
  for (size_t number = 0; number < blocks_.size(); ++number) {
    for (size_t used = 0; used < blocks_[number].used;) {
      Name name{0, static_cast<uint32_t>(number * kBlockBytes + used), 0};
      name.length = static_cast<uint8_t>(record(name)[5]);
      name.hash = hash_of(key_, text(name));
      names.push_back(name);
      used += DomainRecord::kBytes + name.length;
    }
  }
  std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.at < b.at;
  });
  return names;
}

bool DomainSetBuilder::join(std::span<const Name> before, const Name& name) const {
  for (; !before.empty() && before.back().hash == name.hash;
       before = before.first(before.size() - 1)) {
    if (text(before.back()) != text(name)) continue;
    std::byte* const kind = record(before.back()) + 4;
    *kind |= record(name)[4];
    return true;
  }
  return false;
}

void DomainSetBuilder::unite(std::vector<Name>& names) const {
  size_t kept = 0;
  for (const Name& name : names) {
    if (!join(std::span(names).first(kept), name)) names[kept++] = name;
  }
  names.resize(kept);
}

void DomainSetBuilder::write_bitmap(std::span<const Name> names, uint64_t bits,
                                    ImageWriter& to) const {
  std::vector<std::byte> bitmap(bits / 8);
  for (const Name& name : names) {
    const uint64_t bit = bitmap_bit_of(name.hash, bits);
    bitmap[bit / 8] |= std::byte{1} << bit % 8;
  }
  to.append(bitmap);
}

base::Result<void> DomainSetBuilder::write_index(std::span<const Name> names, uint32_t bucket_bits,
                                                 ImageWriter& to) const {
  DomainBucket next{0, 0};
  for (uint64_t bucket = 0; bucket >> bucket_bits == 0; ++bucket) {
    to.append_value(next);
    const uint32_t first = next.first_name;
    for (; next.first_name < names.size(); ++next.first_name) {
      const Name& name = names[next.first_name];
      if (bucket_of(name.hash, bucket_bits) != bucket) break;
      next.first_record_byte += static_cast<uint32_t>(DomainRecord::kBytes) + name.length;
    }
    if (next.first_name - first > kLargestBucket)
      return base::fail(base::ErrorType::proxy_internal_error,
                        "With this key too many names of a domain set have similar hashes.");
  }
  to.append_value(next);
  to.end_section();
  return {};
}

void DomainSetBuilder::write_prints(std::span<const Name> names, uint32_t bucket_bits,
                                    ImageWriter& to) const {
  for (const Name& name : names) {
    const uint64_t print = print_of(name.hash, bucket_bits);
    to.append(std::as_bytes(std::span(&print, 1)).first(kPrintBytes));
  }
  to.append(std::vector<std::byte>(kBytesBeyondPrint));
  to.end_section();
}

void DomainSetBuilder::write_records(std::span<const Name> names, ImageWriter& to) const {
  // The records lie anywhere in memory: fetch some ahead, which halves the time.
  constexpr size_t kAhead = 16;
  for (size_t at = 0; at < names.size(); ++at) {
    if (at + kAhead < names.size()) __builtin_prefetch(record(names[at + kAhead]));
    to.append({record(names[at]), DomainRecord::kBytes + names[at].length});
  }
  to.end_section();
}

base::Result<void> DomainSetBuilder::write(const SourceDigest& digest, const ImageSink& sink) && {
  std::vector<Name> names = sorted_names();
  unite(names);
  DomainSetHeader header{.key = key_, .digest = digest};
  header.names = static_cast<uint32_t>(names.size());
  header.bucket_bits = bucket_bits_for(header.names);
  for (const Name& name : names)
    header.record_bytes += static_cast<uint32_t>(DomainRecord::kBytes) + name.length;
  header.checksum = header.right_checksum();
  ImageWriter to(sink);
  to.append_value(header);
  write_bitmap(names, DomainSetLayout(header).bitmap_bits(), to);
  CHECK_OK(write_index(names, header.bucket_bits, to));
  write_prints(names, header.bucket_bits, to);
  write_records(names, to);
  return to.finish();
}

}  // namespace weir::match
