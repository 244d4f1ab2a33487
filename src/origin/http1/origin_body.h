// The content of an origin's response (RFC 9112, 6), and the tunnel over an upgraded or CONNECTed
// connection.
#pragma once
#include <memory>

#include "codec/http1/chunked.h"
#include "http/stage.h"
#include "origin/http1/origin_exchange.h"

namespace weir::origin {

/// Owns the exchange with the origin that it reads from.
class OriginBody final : public http::Body {
 public:
  OriginBody(std::unique_ptr<OriginExchange> origin, http1::Framing framing);

  async::Task<base::Result<http::Chunk>> read() override;
  std::optional<base::Result<http::Chunk>> try_read() override;
  std::optional<uint64_t> known_length() const override;
  bool can_send_to(async::ByteStream& to) const override;
  async::Task<base::Result<http::Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                uint64_t* sent, bool* to_failed) override;
  /// Decodes the content that arrived with the head, so that a fault in it can still be answered
  /// with an error instead of a response that is cut off.
  base::Result<void> look_ahead();
  /// The same inside a tunnel that may go back to relaying: faulty content is relayed together with
  /// its head.
  async::Task<base::Result<void>> look_ahead_in_tunnel();

 private:
  async::Input& input() { return origin_->connection().input; }
  async::ByteStream& stream() const { return *origin_->connection().stream; }
  base::Result<std::optional<http::Chunk>> decode();
  base::Error broken(ssize_t error) const;
  void complete();

  std::unique_ptr<OriginExchange> origin_;
  http1::Framing framing_;
  uint64_t left_;
  std::unique_ptr<http1::ChunkedDecoder> decoder_;
  std::optional<http::Chunk> ahead_;
  bool trickles_ = false;
};

/// Carries bytes between the client and the connection. The connection is reset if the tunnel is
/// destroyed before both sides have ended.
class OriginTunnel final : public http::Tunnel {
 public:
  OriginTunnel(base::Ref<http::Exchange> exchange, std::unique_ptr<OriginConnection> connection,
               uint64_t idle_timeout_ms)
      : exchange_(std::move(exchange)),
        connection_(std::move(connection)),
        idle_timeout_ms_(idle_timeout_ms) {}

  async::ByteStream* origin() override { return connection_ ? connection_->stream.get() : nullptr; }
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;
  std::unique_ptr<http::PinnedConnection> into_pin() override { return std::move(connection_); }
  void take_back(std::unique_ptr<http::PinnedConnection> connection) override {
    connection_.reset(static_cast<OriginConnection*>(connection.release()));
  }

 private:
  base::Ref<http::Exchange> exchange_;
  std::unique_ptr<OriginConnection> connection_;  // Until run() takes it apart.
  std::unique_ptr<net::TcpStream> stream_;
  const uint64_t idle_timeout_ms_;
};

}  // namespace weir::origin
