// Counts the connections for forwarded requests to each origin, in the whole process.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/account.h"
#include "base/hash.h"

namespace weir::origin {

/// Shared by all workers; any thread. Used when a connection is opened or closed, not for each
/// request.
class OriginSlots {
 public:
  /// One connection's share of the limit; released when it is destroyed.
  class Slot {
   public:
    Slot() = default;
    Slot(OriginSlots& slots, std::string authority)
        : slots_(&slots), authority_(std::move(authority)) {}
    Slot(Slot&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), authority_(std::move(other.authority_)) {}
    Slot& operator=(Slot&& other) noexcept {
      release();
      slots_ = std::exchange(other.slots_, nullptr);
      authority_ = std::move(other.authority_);
      return *this;
    }
    ~Slot() { release(); }
    explicit operator bool() const { return slots_ != nullptr; }
    void release();

   private:
    OriginSlots* slots_ = nullptr;
    std::string authority_;
  };

  explicit OriginSlots(uint32_t most) : most_(most) {}
  /// Applies to new connections.
  void set_most(uint32_t most) { most_.store(most, std::memory_order_relaxed); }
  /// A slot, or an empty one if `authority` has as many connections as the limit allows.
  Slot take(const std::string& authority);

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, uint32_t, base::TextHash, std::equal_to<>,
                       base::Charged<std::pair<const std::string, uint32_t>>>
        counts;
  };
  Shard& shard_of(std::string_view authority) {
    return shards_[base::hash_of(authority) % shards_.size()];
  }

  std::atomic<uint32_t> most_;
  std::array<Shard, 16> shards_;
};

}  // namespace weir::origin
