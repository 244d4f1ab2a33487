// What becomes of a CONNECT's bytes: a relay, a session inside, later opened TLS.
#pragma once
#include "http/stage.h"
#include "server/http1/session.h"
#include "tunnel/config.h"

namespace weir::tunnel {

/// Calls next, which connects; then, when the tunnel runs, both sides are watched: where the origin
/// speaks first it is opaque, else the client's first bytes tell TLS, HTTP/1, or opaque
/// (docs/design/tunnels.md).
class Recognise final : public http::Stage {
 public:
  /// Both outlive the tunnels: they are the worker's.
  Recognise(const server::SessionContext& context, const TunnelConfig& config)
      : context_(context), config_(config) {}
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> recognise(http::Request request, http::Next next) const;

  const server::SessionContext& context_;
  const TunnelConfig& config_;
};

}  // namespace weir::tunnel
