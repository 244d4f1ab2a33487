// The tunnel of a CONNECT to an origin.
#pragma once
#include <memory>

#include "base/kept_text.h"
#include "http/stage.h"
#include "origin/acquire.h"

namespace weir::origin {

/// Before it is known what the tunnel carries: the connection, if there is one, and the way to
/// another. What relays is an OriginTunnel, which is smaller.
class ConnectTunnel final : public http::Tunnel {
 public:
  /// `acquire` belongs to the pipeline that the request's exchange keeps. `connection` may be null.
  ConnectTunnel(const http::Request& request, const Acquire& acquire,
                base::Ref<OriginConnection> connection, uint64_t idle_timeout_ms)
      : exchange_(request.exchange),
        acquire_(acquire),
        host_(request.head->target.host),
        port_(request.head->target.port),
        literal_(request.head->target.literal),
        connection_(std::move(connection)),
        idle_timeout_ms_(idle_timeout_ms) {}

  async::ByteStream* origin() override { return connection_ ? connection_->stream.get() : nullptr; }
  bool connected() const override { return static_cast<bool>(connection_); }
  bool connects_for_silence() const override { return !connection_; }
  async::Task<base::Result<void>> connect() override;
  async::Task<http::Secured> secure(std::string_view server_name) override;
  std::unique_ptr<http::Tunnel> carrier() override;
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;
  base::Ref<http::PinnedConnection> into_pin() override { return std::move(connection_); }
  void take_back(base::Ref<http::PinnedConnection> connection) override {
    connection_ = base::Ref<OriginConnection>(static_cast<OriginConnection*>(connection.get()));
  }

 private:
  Place place() const { return {host_.view(), literal_, port_}; }

  base::Ref<http::Exchange> exchange_;
  const Acquire& acquire_;
  const base::KeptText host_;
  const uint16_t port_;
  const bool literal_;
  base::Ref<OriginConnection> connection_;
  std::unique_ptr<http::Tunnel> relay_;  // While run() goes on.
  const uint64_t idle_timeout_ms_;
};

}  // namespace weir::origin
