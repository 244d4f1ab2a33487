// Bytes that were read from a stream and not yet parsed.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/memory.h"

namespace weir::async {

/// Bytes of one block. It is filled only when it is empty: parsers take all that they are given.
/// release() lets go of the block while there are no bytes in it.
class Input {
 public:
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  std::string_view view() const {
    return empty() ? std::string_view() : std::string_view(block_->data() + begin_, size());
  }
  char* data() { return block_->data() + begin_; }
  void consume(size_t n) { begin_ += static_cast<uint32_t>(n); }

  /// A block to read into from offset 0, of at least `size` bytes: the current one, if it is large
  /// enough and nothing else uses it.
  const base::Ref<base::Block>& room(size_t size) {
    if (!block_ || block_->shared() || block_->capacity() < size) block_ = base::Block::make(size);
    begin_ = end_ = 0;
    return block_;
  }
  void filled(size_t n) { end_ = static_cast<uint32_t>(n); }
  /// The first `n` bytes, consumed.
  base::Slice take(size_t n) {
    base::Slice slice(block_, begin_, n);
    consume(n);
    return slice;
  }
  base::Slice take_all() { return empty() ? base::Slice() : take(size()); }
  /// Puts in bytes that were read elsewhere. Only while this is empty.
  void put(const base::Slice& slice) {
    block_ = slice.block();
    begin_ = block_ ? static_cast<uint32_t>(slice.view().data() - block_->data()) : 0;
    end_ = begin_ + static_cast<uint32_t>(slice.size());
  }
  void release() {
    if (empty()) block_ = nullptr;
  }
  bool holds_block() const { return static_cast<bool>(block_); }

 private:
  base::Ref<base::Block> block_;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
};

}  // namespace weir::async
