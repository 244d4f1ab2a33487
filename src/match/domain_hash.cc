#include "match/domain_hash.h"

#include <sys/random.h>

#include <algorithm>

namespace weir::match {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
// A label is cut into blocks of seven bytes from its right end. A block's number of bytes stands
// above them, and a label's last block is never full, so different names give different numbers.
constexpr unsigned kBlockBytes = 7;

constexpr uint64_t fold(uint64_t sum) {
  return (sum & kPrime) + (sum >> 61);
}

/// `sum * point + block` modulo 2^61-1, though not always below it: 2^62 is not reached.
inline uint64_t step(uint64_t sum, uint64_t point, uint64_t block, unsigned bytes) {
  const auto product = static_cast<unsigned __int128>(sum) * point;
  const uint64_t low = static_cast<uint64_t>(product) & kPrime;
  const auto high = static_cast<uint64_t>(product >> 61);
  return fold(low + high) + (uint64_t{bytes} << (8 * kBlockBytes) | block);
}

/// MurmurHash3's finaliser: every bit of the sum reaches every bit of the hash.
constexpr uint64_t mix(uint64_t value) {
  value = (value ^ value >> 33) * 0xff51afd7ed558ccd;
  value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53;
  return value ^ value >> 33;
}

}  // namespace

base::Result<DomainKey> DomainKey::draw() {
  uint64_t drawn[2];
  if (getrandom(drawn, sizeof drawn, 0) != static_cast<ssize_t>(sizeof drawn))
    return base::fail(base::ErrorType::proxy_internal_error,
                      "The kernel gives no random numbers for a key.");
  return DomainKey{drawn[0], drawn[1]};
}

bool can_be_listed(std::string_view name) {
  return !name.empty() && name.size() <= kLongestDomain && !name.starts_with('.') &&
         !name.ends_with('.') && name.find("..") == std::string_view::npos;
}

HostHashes::HostHashes(const DomainKey& key, std::string_view host, HostForm form)
    : key_(key), host_(host), form_(form) {
  hash_labels();
  if (form == HostForm::literal) keep_whole_host_alone();
}

void HostHashes::hash_labels() {
  const uint64_t point = key_.point % kPrime;
  uint64_t sum = 1, block = 0;
  unsigned filled = 0;
  // One byte more than the longest suffix, for the dot before it.
  const size_t most = std::min(host_.size(), kLongestDomain + 1);
  const char* const end = host_.data() + host_.size();
  for (size_t length = 0; length < most; ++length) {
    const auto byte = static_cast<unsigned char>(*(end - length - 1));
    if (byte != '.') {
      block = block << 8 | byte;
      if (++filled < kBlockBytes) continue;
      sum = step(sum, point, block, filled);
      block = filled = 0;
      continue;
    }
    // Each suffix has a label, and a label before it.
    if (length == 0 || length + 1 == host_.size() || *(end - length - 2) == '.') return;
    sum = step(sum, point, block, filled);
    block = filled = 0;
    add(sum, length);
  }
  if (!host_.empty() && host_.size() <= kLongestDomain)
    add(step(sum, point, block, filled), host_.size());
}

void HostHashes::add(uint64_t sum, size_t length) {
  hashes_[count_] = mix(sum ^ key_.mask);
  lengths_[count_++] = static_cast<uint8_t>(length);
}

void HostHashes::keep_whole_host_alone() {
  const bool whole = count_ > 0 && lengths_[count_ - 1] == host_.size();
  if (whole) {
    hashes_[0] = hashes_[count_ - 1];
    lengths_[0] = lengths_[count_ - 1];
  }
  count_ = whole ? 1 : 0;
}

}  // namespace weir::match
