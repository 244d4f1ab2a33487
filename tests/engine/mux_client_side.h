// The client side of the proxy in the made-up protocol of mux.h: requests in absolute-form and
// CONNECT, many at once on one stream.
#pragma once
#include "async/byte_stream.h"
#include "async/task.h"
#include "http/asker.h"
#include "server/session_context.h"

namespace weir::engine {

/// Serves the requests on `stream` until it ends.
async::Task<void> serve_mux(async::ByteStream& stream, base::Ref<const http::Asker> asker,
                            const server::SessionContext& context);

}  // namespace weir::engine
