// Decides what becomes of a CONNECT's bytes: a relay, a session inside, opened TLS.
#pragma once
#include "http/stage.h"
#include "intercept/opener.h"
#include "server/http1/session.h"
#include "tunnel/config.h"

namespace weir::tunnel {

/// Calls next, which connects. When the tunnel runs, both sides are watched: if the origin sends
/// first, the tunnel is opaque; else the client's first bytes show whether it carries TLS, HTTP/1
/// or something opaque (docs/design/tunnels.md).
class Recognise final : public http::Stage {
 public:
  /// `context` is the worker's. `config` is kept by the pipeline, and so by the exchanges of the
  /// tunnels.
  /// `opener` is the worker's too; null: no TLS is opened.
  Recognise(const server::SessionContext& context, const TunnelConfig& config,
            intercept::Opener* opener = nullptr)
      : context_(context), config_(config), opener_(opener) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> recognise(http::Request& request,
                                                      http::Next next) const;

  const server::SessionContext& context_;
  const TunnelConfig& config_;
  intercept::Opener* const opener_;
};

}  // namespace weir::tunnel
