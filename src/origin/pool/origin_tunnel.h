// A tunnel over a connection to an origin: after CONNECT, or after an upgrade.
#pragma once
#include <memory>

#include "http/stage.h"
#include "origin/pool/origin_connection.h"

namespace weir::origin {

/// Carries bytes between the client and the connection. The connection is reset if the tunnel is
/// destroyed before both sides have ended.
class OriginTunnel final : public http::Tunnel {
 public:
  OriginTunnel(base::Ref<http::Exchange> exchange, base::Ref<OriginConnection> connection,
               uint64_t idle_timeout_ms)
      : exchange_(std::move(exchange)),
        connection_(std::move(connection)),
        idle_timeout_ms_(idle_timeout_ms) {}

  async::ByteStream* origin() override { return connection_ ? connection_->stream.get() : nullptr; }
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;
  base::Ref<http::PinnedConnection> into_pin() override { return std::move(connection_); }
  void take_back(base::Ref<http::PinnedConnection> connection) override {
    connection_ = base::Ref<OriginConnection>(static_cast<OriginConnection*>(connection.get()));
  }

 private:
  base::Ref<http::Exchange> exchange_;
  base::Ref<OriginConnection> connection_;  // Until run() takes it apart.
  std::unique_ptr<async::ByteStream> stream_;
  const uint64_t idle_timeout_ms_;
};

}  // namespace weir::origin
