// Carries the tunnel that a response has opened.
#pragma once
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

}  // namespace weir::server
