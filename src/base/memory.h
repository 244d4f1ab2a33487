// Per-thread memory: free lists by size for what the hot path makes and drops (coroutine frames,
// heads, bodies), and the blocks that bytes are read into. The thread that took memory has to free
// it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/account.h"
#include "base/ref.h"
#include "base/segment.h"

namespace weir::base {

/// Takes `size` bytes, from this thread's free list if that has some. Sizes above kLargestPooled
/// come from the allocator.
void* take_memory(size_t size);
/// Gives back memory from take_memory(size); `size` must be the same.
void give_back_memory(void* memory, size_t size) noexcept;
inline constexpr size_t kLargestPooled = 8192;

/// Base of objects that are allocated from this thread's free lists.
struct Pooled {
  static void* operator new(size_t size) { return take_memory(size); }
  static void operator delete(void* memory, size_t size) noexcept {
    give_back_memory(memory, size);
  }
};

/// Bytes of this thread's blocks that are in use now, without those in free lists: what we hold
/// because of network traffic.
size_t block_bytes_in_use();

/// Sets whether this thread's free lists keep memory that is given back. False also empties them,
/// so that the process frees what it can while memory is scarce.
void keep_memory(bool keep) noexcept;
/// Bytes in this thread's free lists; the account counts them as held.
size_t kept_bytes() noexcept;

/// A reference-counted buffer that bytes are read into, and that slices point into. Used by one
/// thread only. Or one thread's *lease* of a segment: it has no bytes of its own, and slices of the
/// segment count on it, which costs no atomic step for each.
class Block {
 public:
  /// The two pooled sizes: kSmall for heads and small answers, kLarge for bulk content.
  static constexpr size_t kSmall = 16 * 1024 - 64;
  static constexpr size_t kLarge = 128 * 1024 - 64;
  static constexpr size_t kTiny = 4 * 1024 - 64;

  /// The block size for content: kLarge; kSmall while memory is scarce, and kTiny while it is over
  /// the limit (Memory::over).
  static size_t bulk() {
    const Memory stand = Account::stand();
    return stand == Memory::enough ? kLarge : stand == Memory::over ? kTiny : kSmall;
  }

  static Ref<Block> make(size_t capacity);
  /// Its capacity is 0: nobody writes into it.
  static Ref<Block> lease(Ref<Segment> segment);
  char* data() { return reinterpret_cast<char*>(this) + sizeof(Block); }
  const char* data() const { return reinterpret_cast<const char*>(this) + sizeof(Block); }
  size_t capacity() const { return capacity_; }
  bool shared() const { return count_ > 1; }

  void retain() { ++count_; }
  void release() {
    if (--count_ == 0) recycle();
  }

 private:
  explicit Block(uint32_t capacity) : capacity_(capacity) {}
  void recycle() noexcept;

  uint32_t count_ = 0;
  uint32_t capacity_;
  union {
    Block* next_ = nullptr;  // In a free list.
    Segment* leased_;        // If there is no capacity; null: it is a block of no bytes.
  };
  friend struct BlockLists;
};

/// A piece of a block, which the slice keeps alive, or of static text.
class Slice {
 public:
  Slice() = default;
  Slice(Ref<Block> block, size_t offset, size_t size)
      : data_(block->data() + offset), size_(size), block_(std::move(block)) {}
  /// A piece of a segment, by this thread's lease of it.
  Slice(Ref<Block> lease, std::string_view piece)
      : data_(piece.data()), size_(piece.size()), block_(std::move(lease)) {}
  static Slice of_static(std::string_view text) {
    Slice slice;
    slice.data_ = text.data();
    slice.size_ = text.size();
    return slice;
  }
  /// A copy of `bytes` in a block of its own.
  static Slice copy_of(std::string_view bytes);

  std::string_view view() const { return {data_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void drop_front(size_t n) {
    data_ += n;
    size_ -= n;
  }
  Slice front(size_t n) const {
    Slice slice = *this;
    slice.size_ = n;
    return slice;
  }
  const Ref<Block>& block() const { return block_; }
  /// Copies `bytes` behind this piece, in its block, if nothing else uses the block and there is
  /// room; else returns false. Never into a segment: its bytes are everybody's.
  bool append(std::string_view bytes) {
    if (!block_ || block_->shared() || block_->capacity() == 0) return false;
    char* end = const_cast<char*>(data_) + size_;
    if (static_cast<size_t>(block_->data() + block_->capacity() - end) < bytes.size()) return false;
    __builtin_memcpy(end, bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
  }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  Ref<Block> block_;
};

}  // namespace weir::base
