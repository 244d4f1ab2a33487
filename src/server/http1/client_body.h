// The content of a client's request (RFC 9112, 6).
#pragma once
#include <memory>

#include "codec/http1/chunked.h"
#include "codec/http1/framing.h"
#include "http/body.h"
#include "server/http1/client.h"

namespace weir::server {

/// Reads from the client's connection, which outlives it. The first read sends 100 (Continue) if
/// the client waits for it. If the client disconnects, the whole exchange is interrupted: no one is
/// left to answer.
class ClientBody final : public http::Body {
 public:
  ClientBody(Client& client, http::Exchange& exchange, http1::Framing framing);

  async::Task<base::Result<http::Chunk>> read() override;
  std::optional<base::Result<http::Chunk>> try_read() override;
  async::Task<void> until_begun() override;
  std::optional<uint64_t> known_length() const override;
  bool can_send_to(async::ByteStream& to) const override;
  async::Task<base::Result<http::Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                uint64_t* sent, bool* to_failed) override;

 private:
  base::Error gone(ssize_t error);
  ssize_t look();
  http::Chunk take_length();

  Client& client_;
  http::Exchange& exchange_;
  http1::Framing framing_;
  uint64_t left_;
  std::unique_ptr<http1::ChunkedDecoder> decoder_;
  size_t read_size_ = base::Block::kSmall;
};

}  // namespace weir::server
