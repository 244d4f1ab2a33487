// The content of a response on an HTTP/1 connection to an origin (RFC 9112, 6).
#pragma once
#include <memory>

#include "codec/http1/chunked.h"
#include "http/body.h"
#include "origin/http1/http1_exchange.h"

namespace weir::origin {

/// Owns the exchange with the origin that it reads from.
class OriginBody final : public http::Body {
 public:
  OriginBody(std::unique_ptr<Http1Exchange> origin, http1::Framing framing);

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
  static async::Task<base::Result<std::unique_ptr<http::Body>>> look_ahead_in_tunnel(
      std::unique_ptr<OriginBody> self);

 private:
  async::Input& input() { return origin_->connection().input; }
  async::ByteStream& stream() const { return *origin_->connection().stream; }
  base::Result<std::optional<http::Chunk>> decode();
  base::Error broken(ssize_t error) const;
  void complete();

  std::unique_ptr<Http1Exchange> origin_;
  http1::Framing framing_;
  uint64_t left_;
  std::unique_ptr<http1::ChunkedDecoder> decoder_;
  std::optional<http::Chunk> ahead_;
  bool trickles_ = false;
};

}  // namespace weir::origin
