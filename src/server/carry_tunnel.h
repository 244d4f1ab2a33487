// Carries the tunnel that a response has opened.
#pragma once
#include <coroutine>
#include <memory>

#include "async/byte_stream.h"
#include "async/signal.h"
#include "async/task.h"
#include "base/memory.h"
#include "http/stage.h"

namespace weir::server {

/// Looks at the tunnel's first bytes, lets the carrier that this finds take over, and carries the
/// tunnel to its end, which the exchange then tells. `client` is the stream that the tunnel has:
/// the connection, or one stream of many; its first bytes, `first`, were read from it already.
/// If `interrupt` fires, the client's stream is reset: the client must not take a part for the
/// whole, not even of a response that a session inside sends. `client` and `interrupt` outlive the
/// task.
async::Task<void> carry_tunnel(std::unique_ptr<http::Tunnel> tunnel,
                               base::Ref<http::Exchange> exchange, async::ByteStream& client,
                               base::Slice first, async::Interrupt& interrupt);

// The two steps of carry_tunnel(). A coroutine that takes them itself saves the frame that would
// stay with the tunnel: most tunnels are idle most of the time, and there may be many.

/// The first step. Returns the tunnel that is to be run, with its first bytes in `first`. Null: it
/// has ended, and the exchange says how. An error: memory ran out. All arguments but `tunnel`
/// outlive the task.
async::Task<base::Result<std::unique_ptr<http::Tunnel>>> look_into_tunnel(
    std::unique_ptr<http::Tunnel> tunnel, http::Exchange& exchange, async::ByteStream& client,
    base::Slice& first, async::Interrupt& interrupt);

/// The second step: `co_await RunTunnel(std::move(tunnel), exchange, client, std::move(first),
/// interrupt);` Costs no coroutine frame of its own.
class [[nodiscard]] RunTunnel {
 public:
  /// `exchange`, `client` and `interrupt` outlive it.
  RunTunnel(std::unique_ptr<http::Tunnel> tunnel, http::Exchange& exchange,
            async::ByteStream& client, base::Slice first, async::Interrupt& interrupt)
      : tunnel_(std::move(tunnel)),
        exchange_(exchange),
        client_(client),
        interrupt_(interrupt),
        until_(tunnel_->run(client, std::move(first)), interrupt) {}
  bool await_ready() const { return until_.await_ready(); }
  bool await_suspend(std::coroutine_handle<> handle) { return until_.await_suspend(handle); }
  void await_resume();

 private:
  const std::unique_ptr<http::Tunnel> tunnel_;
  http::Exchange& exchange_;
  async::ByteStream& client_;
  async::Interrupt& interrupt_;
  async::Until<base::Result<void>> until_;  // Destroyed before the tunnel that it runs.
};

}  // namespace weir::server
