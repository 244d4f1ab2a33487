// The keyed hash of host names by which domain sets find them: one pass hashes a host and all its
// parents.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace weir::match {

/// The longest name of DNS in its text form, without the final dot (RFC 1035, section 2.3.4).
constexpr size_t kLongestDomain = 253;
/// The most labels that such a name can have.
constexpr size_t kMostLabels = (kLongestDomain + 1) / 2;

/// The secret of an installation. Whoever does not know it can't make names of the same hash: two
/// names that differ have the same one under at most 130 of 2^61 keys.
struct DomainKey {
  uint64_t point = 0;
  uint64_t mask = 0;

  /// A new one, from the kernel. Waits while the kernel has no randomness yet, early after boot.
  static base::Result<DomainKey> draw();
  friend bool operator==(const DomainKey&, const DomainKey&) = default;
};

enum class HostForm : uint8_t {
  name,
  /// An IP address as text: it has no parents, though it has dots.
  literal,
};

/// True for what a set can hold: 1 to 253 bytes, no empty label. Lower case and punycode are the
/// caller's work.
bool can_be_listed(std::string_view name);

/// The hashes of a host and of its parents, for all sets of one key. A few hundred bytes are
/// written at most per look-up; make it on the stack. Refers to `host`, which must outlive it.
class HostHashes {
 public:
  /// `host` is in lower case, in punycode, without the final dot. Of a longer name than DNS allows
  /// the parents that are short enough are hashed, so the work is bounded. An empty label has no
  /// hash, and neither has what stands before it or what has nothing else before it.
  HostHashes(const DomainKey& key, std::string_view host, HostForm form);

  const DomainKey& key() const { return key_; }
  std::string_view host() const { return host_; }
  HostForm form() const { return form_; }

  /// How many suffixes have a hash; 0 is the shortest, `com`.
  size_t count() const { return count_; }
  uint64_t hash(size_t number) const { return hashes_[number]; }
  std::string_view suffix(size_t number) const {
    return host_.substr(host_.size() - lengths_[number]);
  }

 private:
  void hash_labels();
  void add(uint64_t sum, size_t length);
  void keep_whole_host_alone();

  const DomainKey key_;
  const std::string_view host_;
  const HostForm form_;
  size_t count_ = 0;
  // Uninitialised beyond `count_`: clearing them would cost more than a look-up.
  std::array<uint64_t, kMostLabels> hashes_;
  std::array<uint8_t, kMostLabels> lengths_;
};

}  // namespace weir::match
