#include "http/body.h"

namespace weir::http {

async::Task<base::Result<Sent>> Body::send_to(async::ByteStream&, uint64_t, uint64_t*, bool*) {
  co_return base::fail(base::ErrorType::proxy_internal_error,
                       "This content does not come from the kernel.");
}

async::Task<base::Result<Chunk>> TextBody::read() {
  co_return *try_read();
}

std::optional<base::Result<Chunk>> TextBody::try_read() {
  Chunk chunk;
  if (!text_.empty()) chunk.bytes = base::Slice::copy_of(text_);
  chunk.last = true;
  return chunk;
}

}  // namespace weir::http
