#include "base/memory.h"

#include <cstdlib>
#include <cstring>
#include <new>


namespace weir::base {
namespace {

#if __has_feature(address_sanitizer)
constexpr bool kFreeLists = false;  // So that the sanitizer sees every use after free.
#else
constexpr bool kFreeLists = true;
#endif
constexpr size_t kStep = 64;
constexpr size_t kClasses = kLargestPooled / kStep;
constexpr size_t kMaxKeptBytesPerClass = 256 * 1024;

struct Free {
  Free* next;
};

/// Trivially destructible on purpose: objects in other thread_locals and statics may still give memory back at exit.
struct FreeLists {
  Free* heads[kClasses];
  uint32_t kept[kClasses];
};
thread_local FreeLists lists;

}  // namespace

void* take_memory(size_t size) {
  if (kFreeLists && size <= kLargestPooled) {
    const size_t at = (size + kStep - 1) / kStep - 1;
    if (Free* free = lists.heads[at]) {
      lists.heads[at] = free->next;
      --lists.kept[at];
      return free;
    }
    size = (at + 1) * kStep;
  }
  return ::operator new(size);
}

void give_back_memory(void* memory, size_t size) noexcept {
  if (kFreeLists && size <= kLargestPooled) {
    const size_t at = (size + kStep - 1) / kStep - 1;
    if (lists.kept[at] * (at + 1) * kStep < kMaxKeptBytesPerClass) {
      auto* free = static_cast<Free*>(memory);
      free->next = lists.heads[at];
      lists.heads[at] = free;
      ++lists.kept[at];
      return;
    }
  }
  ::operator delete(memory);
}

/// Blocks of the two sizes wait here for their next use; the last one used is the first one taken, so it is warm.
struct BlockLists {
  static constexpr size_t kMaxSmall = 64, kMaxLarge = 8;
  Block* small;
  Block* large;
  size_t small_kept, large_kept, bytes_in_use;

  static thread_local BlockLists lists;

  Ref<Block> make(size_t capacity) {
    bytes_in_use += capacity;
    if (capacity == Block::kSmall && small) {
      --small_kept;
      return Ref<Block>(std::exchange(small, small->next_));
    }
    if (capacity == Block::kLarge && large) {
      --large_kept;
      return Ref<Block>(std::exchange(large, large->next_));
    }
    return Ref<Block>(new (::operator new(sizeof(Block) + capacity)) Block(static_cast<uint32_t>(capacity)));
  }

  void recycle(Block* block) noexcept {
    bytes_in_use -= block->capacity_;
    if (kFreeLists && block->capacity_ == Block::kSmall && small_kept < kMaxSmall) {
      block->next_ = std::exchange(small, block);
      ++small_kept;
      return;
    }
    if (kFreeLists && block->capacity_ == Block::kLarge && large_kept < kMaxLarge) {
      block->next_ = std::exchange(large, block);
      ++large_kept;
      return;
    }
    ::operator delete(block);
  }
};
thread_local BlockLists BlockLists::lists;

size_t block_bytes_in_use() { return BlockLists::lists.bytes_in_use; }

Ref<Block> Block::make(size_t capacity) { return BlockLists::lists.make(capacity); }
void Block::recycle() noexcept { BlockLists::lists.recycle(this); }

Slice Slice::copy_of(std::string_view bytes) {
  auto block = Block::make(bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return Slice(std::move(block), 0, bytes.size());
}

}  // namespace weir::base
