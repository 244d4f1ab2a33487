// What the sessions of one worker share, whatever their protocol.
#pragma once
#include "base/ref.h"
#include "http/exchange.h"
#include "http/stage.h"
#include "server/config.h"
#include "server/live_connections.h"

namespace weir::server {

/// Which clients the current configuration admits. One per worker.
class ClientRules {
 public:
  virtual ~ClientRules() = default;
  virtual bool refuses(const http::Session& session) const = 0;
};

/// What sessions need from their worker, which outlives them.
struct SessionContext {
  http::Journal& journal;
  /// The current pipeline and configuration; each request reads these references again.
  const base::Ref<const http::Pipeline>& pipeline;
  const ConfigRef& config;
  LiveConnections& connections;
  /// Null: every client that has connected is admitted.
  const ClientRules* clients = nullptr;
};

}  // namespace weir::server
