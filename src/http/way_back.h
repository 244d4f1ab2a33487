// From a session inside a tunnel back to the tunnel: what turns out to be no HTTP goes on as it
// came (docs/design/tunnels.md).
#pragma once
#include <memory>

#include "async/task.h"
#include "base/error.h"
#include "base/memory.h"
#include "http/session.h"

namespace weir::http {

/// Of a session inside whose requests nothing needs to see. The exchange that runs over the
/// CONNECT's own connection asks it; the tunnel owns it, and outlives the exchanges. Of one worker.
class WayBack {
 public:
  virtual ~WayBack() = default;

  /// The origin gets the request's head now: from here on it is not sent as it came any more.
  virtual void head_sent() = 0;
  /// What the client sends behind the request, once that can begin no other request; and from then
  /// on all that it sends. Empty: the client has ended. Waits for as long as nothing comes, or
  /// something that may be a request.
  virtual async::Task<base::Result<base::Slice>> beyond() = 0;
  /// `beyond` gave these bytes, and they were not sent: they go first when the tunnel relays.
  virtual void give_back(base::Slice bytes) = 0;

  /// Gives the connection up to the tunnel. What was read from it and is no answer goes to the
  /// client first.
  virtual void take(std::unique_ptr<PinnedConnection> connection) = 0;
};

}  // namespace weir::http
