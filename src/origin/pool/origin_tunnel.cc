#include "origin/pool/origin_tunnel.h"

#include "net/stream/relay.h"

namespace weir::origin {

async::Task<base::Result<void>> OriginTunnel::run(async::ByteStream& client,
                                                  base::Slice client_bytes) {
  net::RelayStart start{connection_->take_unread(), std::move(client_bytes), &exchange_->sent,
                        &exchange_->received, &exchange_->allowance};
  // The tunnel needs only the stream of the connection from here on.
  stream_ = std::move(connection_->stream);
  connection_ = nullptr;
  return net::relay(client, *stream_, std::move(start), idle_timeout_ms_);
}

}  // namespace weir::origin
