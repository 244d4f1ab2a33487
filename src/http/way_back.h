// The way from a session inside a tunnel back to the tunnel: what turns out not to be HTTP is
// relayed unchanged (docs/design/tunnels.md).
#pragma once
#include <memory>

#include "async/task.h"
#include "base/error.h"
#include "base/memory.h"
#include "http/session.h"

namespace weir::http {

/// Exists in a session inside a tunnel if no rule requires Weir to see its requests. The exchange
/// that runs over the CONNECT's own connection uses it; the tunnel owns it, and it outlives the
/// exchanges. Used on one worker's thread.
class WayBack {
 public:
  virtual ~WayBack() = default;

  /// The origin gets the request's head now: from here on the tunnel will not send it as received.
  virtual void head_sent() = 0;
  /// Returns what the client sends after the request, once that can't be the beginning of another
  /// request; from then on, everything that the client sends. Empty: the client has ended its side.
  /// Waits while nothing arrives, or while what has arrived may be a request.
  virtual async::Task<base::Result<base::Slice>> beyond() = 0;
  /// Bytes that `beyond` returned and that were not sent: they go first when the tunnel relays.
  virtual void give_back(base::Slice bytes) = 0;

  /// Gives the connection up to the tunnel. Bytes that were read from it and are not a response go
  /// to the client first.
  virtual void take(base::Ref<PinnedConnection> connection) = 0;
};

}  // namespace weir::http
