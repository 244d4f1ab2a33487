// The bytes of a tunnel that are looked at.
#pragma once
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "async/byte_stream.h"
#include "base/account.h"
#include "base/memory.h"

namespace weir::tunnel {

/// The client's bytes so far, in a block that is only a little larger: most heads and ClientHellos
/// are short, and a client that sends little should cost little memory.
class FirstBytes {
 public:
  /// Starts with what is in `bytes`. The destructor puts all bytes back there, however the look
  /// ends.
  FirstBytes(base::Slice& bytes, size_t limit)
      : bytes_(bytes), limit_(limit), size_(bytes.size()) {}
  FirstBytes(const FirstBytes&) = delete;
  ~FirstBytes() {
    if (block_ && size_ > 0) bytes_ = base::Slice(std::move(block_), 0, size_);
  }

  std::string_view view() const {
    return block_ ? std::string_view(block_->data(), size_) : bytes_.view();
  }
  size_t size() const { return size_; }
  /// Makes room for more. False if memory is too scarce: the bytes that are there have to do.
  bool make_room() {
    if (block_ && size_ < block_->capacity()) return true;
    size_t capacity = base::Block::kTiny;
    while (capacity <= size_) capacity *= kGrowth;
    capacity = std::min(capacity, limit_);
    if (capacity > base::Block::kTiny && base::Account::stand() != base::Memory::enough &&
        capacity > base::Block::bulk())
      return false;
    auto block = base::Block::make(capacity);
    if (size_ > 0) std::memcpy(block->data(), view().data(), size_);
    block_ = std::move(block);
    bytes_ = base::Slice();
    return true;
  }
  /// Returns the number of bytes, 0 for the end, or -errno.
  ssize_t read(async::ByteStream& from) {
    const ssize_t n = from.try_read(block_->data() + size_, block_->capacity() - size_);
    if (n > 0) size_ += static_cast<size_t>(n);
    if (size_ == 0) block_ = nullptr;  // Nothing came yet: hold no memory while waiting.
    return n;
  }

 private:
  static constexpr size_t kGrowth = 4;
  base::Slice& bytes_;
  base::Ref<base::Block> block_;
  const size_t limit_;
  size_t size_;
};

}  // namespace weir::tunnel
