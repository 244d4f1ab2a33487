#include "server/carry_tunnel.h"

#include <optional>
#include <utility>

namespace weir::server {
namespace {

using Running = async::Task<base::Result<void>>;

/// All that a tunnel needs while it waits, in one place: idle tunnels are many, and what is a local
/// of carry() stands in its frame. So carry() has no others.
struct Carried {
  std::unique_ptr<http::Tunnel> tunnel;
  base::Ref<http::Exchange> exchange;
  async::ByteStream& client;
  base::Slice first;
  async::Interrupt& interrupt;
  bool looking = false;

  Running begin() {
    exchange->settle();
    Running look = tunnel->look(client, first);
    looking = static_cast<bool>(look);
    return looking ? std::move(look) : run();
  }
  Running run() { return tunnel->run(client, std::move(first)); }
  /// What is to run after what has ended; null: nothing.
  [[gnu::noinline]] Running after(std::optional<base::Result<void>> ended) {
    if (looking && ended && *ended) {
      looking = false;
      if (auto carrier = tunnel->carrier()) tunnel = std::move(carrier);
      return run();
    }
    if (!ended) {
      client.abort();
      exchange->set_ended(interrupt.reason());
    } else if (*ended) {
      exchange->set_ended("complete");
    } else if (ended->error().type() != base::ErrorType::client_closed) {
      exchange->set_error(ended->error());
    }
    return {};
  }
};

async::Task<void> carry(Carried carried) {
  for (Running running = carried.begin(); running;) {
    running = carried.after(
        co_await async::Until<base::Result<void>>(std::move(running), carried.interrupt));
  }
}

}  // namespace

async::Task<void> carry_tunnel(std::unique_ptr<http::Tunnel> tunnel,
                               base::Ref<http::Exchange> exchange, async::ByteStream& client,
                               base::Slice first, async::Interrupt& interrupt) {
  return carry({std::move(tunnel), std::move(exchange), client, std::move(first), interrupt});
}

}  // namespace weir::server
