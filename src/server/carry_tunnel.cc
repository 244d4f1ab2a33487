#include "server/carry_tunnel.h"

#include <optional>
#include <utility>

namespace weir::server {
namespace {

using Ended = std::optional<base::Result<void>>;

void note(http::Exchange& exchange, const Ended& ended, async::ByteStream& client,
          const async::Interrupt& interrupt) {
  if (!ended) {
    client.abort();
    exchange.set_ended(interrupt.reason());
  } else if (*ended) {
    exchange.set_ended("complete");
  } else if (ended->error().type() != base::ErrorType::client_closed) {
    exchange.set_error(ended->error());
  }
}

}  // namespace

async::Task<base::Result<std::unique_ptr<http::Tunnel>>> look_into_tunnel(
    std::unique_ptr<http::Tunnel> tunnel, http::Exchange& exchange, async::ByteStream& client,
    base::Slice& first, async::Interrupt& interrupt) {
  exchange.settle();
  auto looking = tunnel->look(client, first);
  if (!looking) co_return std::move(tunnel);
  const Ended looked = co_await async::Until<base::Result<void>>(std::move(looking), interrupt);
  if (!looked || !*looked) {
    note(exchange, looked, client, interrupt);
    co_return nullptr;
  }
  if (auto carrier = tunnel->carrier()) co_return std::move(carrier);
  co_return std::move(tunnel);
}

void RunTunnel::await_resume() {
  note(exchange_, until_.await_resume(), client_, interrupt_);
}

async::Task<void> carry_tunnel(std::unique_ptr<http::Tunnel> tunnel,
                               base::Ref<http::Exchange> exchange, async::ByteStream& client,
                               base::Slice first, async::Interrupt& interrupt) {
  auto looked = co_await look_into_tunnel(std::move(tunnel), *exchange, client, first, interrupt);
  if (!looked) exchange->set_error(looked.error());
  if (looked && *looked)
    co_await RunTunnel(*std::move(looked), *exchange, client, std::move(first), interrupt);
}

}  // namespace weir::server
