// Serves the requests on one connection, or inside one tunnel, in order.
#pragma once
#include "async/byte_stream.h"
#include "async/task.h"
#include "http/stage.h"
#include "server/config.h"
#include "server/http1/way_back.h"
#include "server/live_connections.h"

namespace weir::server {

/// Which clients the current configuration admits. One per worker.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual bool refuses(const http::Session& session) const = 0;
};

/// What sessions need from their worker, which outlives them.
struct SessionContext {
  http::Journal& journal;
  /// The current pipeline; each request reads this reference again.
  const base::Ref<const http::Pipeline>& pipeline;
  const ServerConfig& config;
  LiveConnections& connections;
  /// Null: every client that has connected is admitted.
  const Admission* admission = nullptr;
};

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
