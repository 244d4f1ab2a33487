// What serialize.h writes, in blocks ready to be sent.
#pragma once
#include "base/memory.h"
#include "codec/http1/serialize.h"

namespace weir::http1 {

base::Slice head_slice(const http::OutgoingHead& head, std::string_view target);
base::Slice head_slice(const http::ResponseHead& head);

/// The framing around one piece of content in the chunked coding: `before`, the content, `after`,
/// `end`.
struct ChunkFraming {
  base::Slice before, after, end;
};
/// For `size` bytes of content (none if 0), and the last chunk with its trailers if `last`.
ChunkFraming frame_chunk(uint64_t size, bool last, const http::Trailers* trailers);

}  // namespace weir::http1
