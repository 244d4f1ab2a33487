// The content of a client's request (RFC 9112, 6).
#pragma once
#include "server/http1/client.h"
#include "wire/http1_body.h"

namespace weir::server {

/// Reads from the client's connection, which outlives it. The first read sends 100 (Continue) if
/// the client waits for it. If the client disconnects, the whole exchange is interrupted: no one is
/// left to answer.
class ClientBody final : public wire::Http1Body {
 public:
  ClientBody(Client& client, http::Exchange& exchange, http1::Framing framing)
      : Http1Body(client.stream, client.input, framing, http1::Side::client, true),
        client_(client),
        exchange_(exchange) {}

  async::Task<base::Result<http::Chunk>> read() override;
  /// Bytes that the kernel already has count as ready once the content has begun. Asking for them
  /// costs nothing more: that read must be made anyway.
  std::optional<base::Result<http::Chunk>> try_read() override {
    return take(client_.content.begun);
  }
  async::Task<void> until_begun() override;

 private:
  uint64_t silence_ms() const override { return client_.config->content_timeout_ms; }
  base::Error broken(ssize_t error) override;
  base::Error not_taken(ssize_t error) const override;
  void arrived() override { client_.content.begun = true; }
  void taken(uint64_t bytes) override { exchange_.received += bytes; }
  void complete() override { client_.content.complete = true; }
  ssize_t look();

  Client& client_;
  http::Exchange& exchange_;
};

}  // namespace weir::server
