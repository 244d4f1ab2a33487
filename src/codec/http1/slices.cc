#include "codec/http1/slices.h"

namespace weir::http1 {
namespace {

/// A block of the pooled size kSmall if that is enough.
base::Ref<base::Block> block_of(size_t size) {
  return base::Block::make(size <= base::Block::kSmall ? base::Block::kSmall : size);
}

base::Slice written(base::Ref<base::Block> block, const char* end) {
  const auto used = static_cast<size_t>(end - block->data());
  return base::Slice(std::move(block), 0, used);
}

}  // namespace

base::Slice head_slice(const http::OutgoingHead& head, std::string_view target) {
  auto block = block_of(size_of(head, target));
  const char* end = write_head(block->data(), head, target);
  return written(std::move(block), end);
}

base::Slice head_slice(const http::ResponseHead& head) {
  auto block = block_of(size_of(head));
  const char* end = write_head(block->data(), head);
  return written(std::move(block), end);
}

ChunkFraming frame_chunk(uint64_t size, bool last, const http::Trailers* trailers) {
  ChunkFraming framing;
  if (size > 0) {
    auto block = base::Block::make(kChunkSizeLine);
    const char* end = write_chunk_size(block->data(), size);
    framing.before = written(std::move(block), end);
    framing.after = base::Slice::of_static(kChunkEnd);
  }
  if (last && !trailers) {
    framing.end = base::Slice::of_static(kLastChunk);
  } else if (last) {
    auto block = base::Block::make(size_of_last_chunk(trailers));
    const char* end = write_last_chunk(block->data(), trailers);
    framing.end = written(std::move(block), end);
  }
  return framing;
}

}  // namespace weir::http1
