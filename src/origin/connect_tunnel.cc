#include "origin/connect_tunnel.h"

#include "origin/pool/origin_tunnel.h"

namespace weir::origin {

async::Task<base::Result<void>> ConnectTunnel::connect() {
  // Rules may have changed since the CONNECT.
  const auto decision = exchange_->decision;
  CO_TRY(connection_, co_await acquire_.connect(place(), *decision));
  exchange_->peer = connection_->peer;
  exchange_->peer_source = connection_->source;
  exchange_->peer_aliases = connection_->aliases;
  if (connection_->aliases) CO_CHECK(decision->check_aliases(*connection_->aliases));
  co_return {};
}

async::Task<http::Secured> ConnectTunnel::secure(std::string_view server_name) {
  // Rules may have changed since the CONNECT.
  const auto decision = exchange_->decision;
  co_return co_await acquire_.secure_for_pool(std::move(connection_), place(), server_name,
                                              exchange_->session().client.address, *decision);
}

std::unique_ptr<http::Tunnel> ConnectTunnel::carrier() {
  return std::make_unique<OriginTunnel>(std::move(exchange_), std::move(connection_),
                                        idle_timeout_ms_);
}

async::Task<base::Result<void>> ConnectTunnel::run(async::ByteStream& client,
                                                   base::Slice client_bytes) {
  relay_ = carrier();
  return relay_->run(client, std::move(client_bytes));
}

}  // namespace weir::origin
