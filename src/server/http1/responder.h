// How HTTP/1 sends the response to one request (RFC 9112).
#pragma once
#include <cstdint>

#include "http/session.h"
#include "server/http1/client.h"
#include "server/responder.h"

namespace weir::server {

/// What decides whether the connection is kept after the response.
struct Persistence {
  /// The version that the client speaks.
  http::Version version = http::Version::http_1_1;
  /// The client's wish, unless something in the request forbids it.
  bool keep_alive = false;
  /// Once one of them is lost, the connection closes after this response.
  const http::Pins& pins;
  /// The worker drains: the connection ends with this response. Not copied, as it may change.
  const bool& draining;
};

class Http1Responder final : public Responder {
 public:
  /// All arguments outlive it. `sent` counts the bytes that go out.
  Http1Responder(Client& client, uint64_t& sent, const Persistence& persistence)
      : Responder(client.stream, sent), client_(client), persistence_(persistence) {}

  base::Result<void> interim(const http::ResponseHead& head) override;
  async::WriteOperation begin(http::ResponseHead& head, Follows follows,
                              http::Chunk&& first) override;
  async::WriteOperation send(http::Chunk&& chunk) override;
  bool plain() const override { return framing_ != Framing::chunked; }
  uint64_t silence_ms() const override { return client_.config->write_timeout_ms; }
  void abort() override;

  /// The connection may carry another request after this response. Known once it has begun.
  bool keeps_connection() const { return keeps_; }

 private:
  /// How the client sees where the content ends (RFC 9112, 6.3).
  enum class Framing : uint8_t { none, length, chunked, until_close };

  Framing framing_for(Follows follows) const;
  bool may_keep(Follows follows) const;
  /// The head's bytes, behind the interim responses that still wait.
  base::Slice serialize(const http::ResponseHead& head);
  async::WriteOperation write(base::Slice head, http::Chunk&& chunk, async::WriteWhen when);

  Client& client_;
  const Persistence persistence_;
  Framing framing_ = Framing::none;
  bool keeps_ = false;
};

}  // namespace weir::server
