#include "origin/pool/origin_slots.h"

namespace weir::origin {

void OriginSlots::Slot::release() {
  if (!slots_) return;
  Shard& shard = slots_->shard_of(authority_);
  std::lock_guard lock(shard.mutex);
  if (const auto at = shard.counts.find(authority_); at != shard.counts.end() && --at->second == 0)
    shard.counts.erase(at);
  slots_ = nullptr;
}

OriginSlots::Slot OriginSlots::take(const std::string& authority) {
  Shard& shard = shard_of(authority);
  std::lock_guard lock(shard.mutex);
  uint32_t& count = shard.counts[authority];
  if (count >= most_.load(std::memory_order_relaxed)) return {};
  std::string name = authority;  // May throw, so this comes before the count.
  ++count;
  return {*this, std::move(name)};
}

}  // namespace weir::origin
