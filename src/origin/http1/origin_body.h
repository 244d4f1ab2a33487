// The content of a response on an HTTP/1 connection to an origin (RFC 9112, 6).
#pragma once
#include <memory>

#include "origin/http1/http1_exchange.h"
#include "wire/http1_body.h"

namespace weir::origin {

/// Owns the exchange with the origin that it reads from.
class OriginBody final : public wire::Http1Body {
 public:
  explicit OriginBody(std::unique_ptr<Http1Exchange> origin)
      : Http1Body(*origin->connection().stream, origin->connection().input, origin->framing(),
                  http1::Side::origin, false),
        origin_(std::move(origin)) {}

  std::optional<base::Result<http::Chunk>> try_read() override;
  bool can_send_to(async::ByteStream& to) const override {
    return !ahead_ && Http1Body::can_send_to(to);
  }
  /// Decodes the content that arrived with the head, so that a fault in it can still be answered
  /// with an error instead of a response that is cut off.
  base::Result<void> look_ahead();
  /// The same inside a tunnel that may go back to relaying: faulty content is relayed together with
  /// its head.
  static async::Task<base::Result<std::unique_ptr<http::Body>>> look_ahead_in_tunnel(
      std::unique_ptr<OriginBody> self);

 private:
  uint64_t silence_ms() const override { return origin_->config().content_timeout_ms; }
  base::Error broken(ssize_t error) override;
  base::Error not_taken(ssize_t error) const override;
  void complete() override { origin_->finish(); }
  void mended(const char* what) override { origin_->note_mended(what); }

  std::unique_ptr<Http1Exchange> origin_;
  std::optional<http::Chunk> ahead_;
};

}  // namespace weir::origin
