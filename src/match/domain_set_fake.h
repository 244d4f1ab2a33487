// Helpers for tests of domain sets.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "match/domain_set.h"
#include "match/domain_set_builder.h"

namespace weir::match {

constexpr DomainKey kTestKey{0x0123456789abcdef, 0xfedcba9876543210};
/// With this key two names have the same hash if the first six bytes of their first label agree,
/// and the label has as many bytes more than a multiple of seven.
constexpr DomainKey kKeyThatCollides{0, 0};

struct Domain {
  std::string_view name;
  DomainKind kind = DomainKind::itself_and_below;
  uint32_t source = 0;
};

/// An image and the set over it. The image is exactly as long as its memory, so that
/// AddressSanitizer sees each byte that is read beyond it.
class MadeSet {
 public:
  explicit MadeSet(const std::vector<Domain>& domains, const DomainKey& key = kTestKey) {
    DomainSetBuilder builder(key);
    for (const Domain& each : domains) builder.add(each.name, each.kind, each.source);
    made_ = std::move(builder).write({}, [this](std::span<const std::byte> bytes) {
      image_.insert(image_.end(), bytes.begin(), bytes.end());
      return base::Result<void>();
    });
    image_.shrink_to_fit();
    if (!made_) return;
    if (auto set = DomainSet::over(image_)) set_ = *std::move(set);
  }

  bool made() const { return set_ != nullptr; }
  const DomainSet& operator*() const { return *set_; }
  const DomainSet* operator->() const { return set_.get(); }
  const std::vector<std::byte>& image() const { return image_; }

 private:
  std::vector<std::byte> image_;
  base::Result<void> made_;
  std::unique_ptr<const DomainSet> set_;
};

}  // namespace weir::match
