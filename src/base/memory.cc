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
/// The sizes of the classes are those that the allocator gives without waste: it needs eight bytes
/// itself, and gives multiples of sixteen.
constexpr size_t class_of(size_t size) {
  return (size + 7) / 16;
}
constexpr size_t size_of(size_t at) {
  return at * 16 + 8;
}
constexpr size_t kClasses = class_of(kLargestPooled) + 1;
constexpr size_t kMaxKeptBytesPerClass = 256 * 1024;

struct Free {
  Free* next;
};

/// Trivially destructible on purpose: objects in other thread_locals and statics may still give
/// memory back at exit.
struct FreeLists {
  Free* heads[kClasses];
  uint32_t kept[kClasses];
  size_t most_kept_bytes;  // Per class.
};
thread_local FreeLists lists{.heads = {}, .kept = {}, .most_kept_bytes = kMaxKeptBytesPerClass};

void charge_objects(size_t size) {
  Account::charge(Holding::objects, static_cast<int64_t>(size));
}
void charge_back_objects(size_t size) {
  Account::charge(Holding::objects, -static_cast<int64_t>(size));
}

}  // namespace

void* take_memory(size_t size) {
  if (kFreeLists && size <= kLargestPooled) {
    const size_t at = class_of(size);
    if (Free* free = lists.heads[at]) {
      lists.heads[at] = free->next;
      --lists.kept[at];
      return free;
    }
    size = size_of(at);
  }
  void* const memory = ::operator new(size);
  charge_objects(size);
  return memory;
}

void give_back_memory(void* memory, size_t size) noexcept {
  if (kFreeLists && size <= kLargestPooled) {
    const size_t at = class_of(size);
    if (lists.kept[at] * size_of(at) < lists.most_kept_bytes) {
      auto* free = static_cast<Free*>(memory);
      free->next = lists.heads[at];
      lists.heads[at] = free;
      ++lists.kept[at];
      return;
    }
    size = size_of(at);
  }
  charge_back_objects(size);
  ::operator delete(memory);
}

/// Free blocks of the two pooled sizes. The one used last is taken first, since it is still in the
/// CPU's caches.
struct BlockLists {
  static constexpr size_t kMaxSmall = 64, kMaxLarge = 8;
  Block* small;
  Block* large;
  size_t small_kept, large_kept, bytes_in_use;
  bool keeps_none;

  static thread_local BlockLists lists;

  Ref<Block> make(size_t capacity) {
    if (capacity == Block::kSmall && small) {
      bytes_in_use += capacity;
      --small_kept;
      return Ref<Block>(std::exchange(small, small->next_));
    }
    if (capacity == Block::kLarge && large) {
      bytes_in_use += capacity;
      --large_kept;
      return Ref<Block>(std::exchange(large, large->next_));
    }
    void* const memory = ::operator new(sizeof(Block) + capacity);
    bytes_in_use += capacity;
    Account::charge(Holding::blocks, static_cast<int64_t>(sizeof(Block) + capacity));
    return Ref<Block>(new (memory) Block(static_cast<uint32_t>(capacity)));
  }

  static Ref<Block> lease(Ref<Segment> segment) {
    void* const memory = take_memory(sizeof(Block));
    Ref<Block> made(new (memory) Block(0));
    made->leased_ = segment.leak();
    return made;
  }

  void recycle(Block* block) noexcept {
    if (block->capacity_ == 0 && block->leased_) {
      block->leased_->release();
      return give_back_memory(block, sizeof(Block));
    }
    bytes_in_use -= block->capacity_;
    if (keeps_none) return free(block);
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
    free(block);
  }

  static void free(Block* block) noexcept {
    Account::charge(Holding::blocks, -static_cast<int64_t>(sizeof(Block) + block->capacity_));
    ::operator delete(block);
  }

  void empty() noexcept {
    while (small) free(std::exchange(small, small->next_));
    while (large) free(std::exchange(large, large->next_));
    small_kept = large_kept = 0;
  }
};
thread_local BlockLists BlockLists::lists;

size_t block_bytes_in_use() {
  return BlockLists::lists.bytes_in_use;
}

void keep_memory(bool keep) noexcept {
  lists.most_kept_bytes = keep ? kMaxKeptBytesPerClass : 0;
  BlockLists::lists.keeps_none = !keep;
  if (keep) return;
  BlockLists::lists.empty();
  for (size_t at = 0; at < kClasses; ++at) {
    if (lists.kept[at] == 0) continue;
    charge_back_objects(lists.kept[at] * size_of(at));
    while (Free* free = lists.heads[at]) {
      lists.heads[at] = free->next;
      ::operator delete(free);
    }
    lists.kept[at] = 0;
  }
}

size_t kept_bytes() noexcept {
  size_t bytes = BlockLists::lists.small_kept * (sizeof(Block) + Block::kSmall) +
                 BlockLists::lists.large_kept * (sizeof(Block) + Block::kLarge);
  for (size_t at = 0; at < kClasses; ++at) bytes += lists.kept[at] * size_of(at);
  return bytes;
}

Ref<Block> Block::make(size_t capacity) {
  return BlockLists::lists.make(capacity);
}
Ref<Block> Block::lease(Ref<Segment> segment) {
  return BlockLists::lease(std::move(segment));
}
void Block::recycle() noexcept {
  BlockLists::lists.recycle(this);
}

Slice Slice::copy_of(std::string_view bytes) {
  auto block = Block::make(bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return Slice(std::move(block), 0, bytes.size());
}

}  // namespace weir::base
