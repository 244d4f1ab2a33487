// Bytes that all workers read: what the cache stores. One thread writes them, before it says how
// far the others may read.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/ref.h"

namespace weir::base {

/// Counted by all threads. From the allocator and not from a thread's free lists, since whichever
/// thread drops the last share frees it.
class Segment {
 public:
  static Ref<Segment> make(uint32_t capacity);
  Segment(const Segment&) = delete;

  char* data() { return reinterpret_cast<char*>(this) + sizeof(Segment); }
  const char* data() const { return reinterpret_cast<const char*>(this) + sizeof(Segment); }
  uint32_t capacity() const { return capacity_; }

  void retain() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  /// The last one has seen all that others did with it, by the decrement itself: ThreadSanitizer
  /// knows no fences.
  void release() noexcept {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) free();
  }

  /// Bytes of all segments that are alive, in the whole process: also of those that are in no index
  /// any more and are still being sent.
  static int64_t held() noexcept;

 private:
  explicit Segment(uint32_t capacity) : capacity_(capacity) {}
  void free() noexcept;

  std::atomic<uint32_t> count_ = 0;
  const uint32_t capacity_;
};

}  // namespace weir::base
