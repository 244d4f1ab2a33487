// Serves the requests on one connection, or inside one tunnel, in order.
#pragma once
#include "async/byte_stream.h"
#include "async/task.h"
#include "http/asker.h"
#include "http/session.h"
#include "server/http1/way_back.h"
#include "server/session_context.h"

namespace weir::server {

/// Serves a client's connection until it ends, and closes it.
async::Task<void> serve_client(std::unique_ptr<async::ByteStream> stream,
                               base::Ref<const http::Asker> asker, const SessionContext& context);

/// Serves the requests inside a tunnel, until `stream` ends. `first` was already read from it.
/// `pin`, if given, is the origin connection that the CONNECT opened, for the session's authority.
/// `way_back`, if given, outlives the session: if it is taken when the session ends, the tunnel
/// relays.
async::Task<void> serve_session(async::ByteStream& stream, base::Ref<const http::Asker> asker,
                                const SessionContext& context, base::Slice first,
                                base::Ref<http::PinnedConnection> pin, WayBack* way_back = nullptr);

}  // namespace weir::server
