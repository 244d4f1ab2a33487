// Serves what comes on one connection, or inside one tunnel, in order.
#pragma once
#include "async/byte_stream.h"
#include "async/task.h"
#include "http/stage.h"
#include "server/config.h"
#include "server/http1/way_back.h"
#include "server/live_connections.h"

namespace weir::server {

/// Whom the configuration of now lets in. Of the worker.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual bool refuses(const http::Session& session) const = 0;
};

/// What sessions need of their worker, which outlives them.
struct SessionContext {
  http::Journal& journal;
  /// The current one: each request takes it anew.
  const base::Ref<const http::Pipeline>& pipeline;
  const ServerConfig& config;
  LiveConnections& connections;
  /// Null: everybody who came is let in.
  const Admission* admission = nullptr;
};

/// Serves a client's connection until it ends, and closes it.
async::Task<void> serve_client(std::unique_ptr<async::ByteStream> stream,
                               base::Ref<const http::Session> session,
                               const SessionContext& context);

/// Serves what comes inside a tunnel: `stream` until it ends. `first` was read from it already.
/// `pin`, where given, is the origin connection that a CONNECT opened, for the session's authority.
/// `way_back`, where given, outlives the session: if it was taken at the end, the tunnel relays.
async::Task<void> serve_session(async::ByteStream& stream, base::Ref<const http::Session> session,
                                const SessionContext& context, base::Slice first,
                                std::unique_ptr<http::PinnedConnection> pin,
                                WayBack* way_back = nullptr);

}  // namespace weir::server
