// After a reload, checks what already runs against the new policy.
#pragma once
#include "async/event_loop.h"
#include "http/exchange.h"
#include "http/stage.h"
#include "proxy/snapshot.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// One per worker. Running exchanges were allowed by rules that may have changed: those that the
/// new rules deny are cancelled, and their log lines say so.
class PolicyReview {
 public:
  /// All arguments belong to the worker: its running exchanges, in the order in which they began;
  /// its current snapshot and pipeline, which a reload replaces; and what decides whether a client
  /// is still admitted.
  PolicyReview(async::Link& live, const SnapshotRef& snapshot,
               const base::Ref<const http::Pipeline>& pipeline, const server::Admission& admission)
      : live_(live), snapshot_(snapshot), pipeline_(pipeline), admission_(admission) {}
  PolicyReview(const PolicyReview&) = delete;

  /// Call it when the configuration has changed. Checks at once, and again for as long as an
  /// exchange from before the change may still connect.
  void begin();
  /// Stops checking.
  void cancel() { asking_.cancel_all(); }

 private:
  void ask();
  /// True if an exchange that began before the last reload may still connect.
  bool connecting_from_before() const;
  async::Task<void> keep_asking();
  bool denied(const http::Exchange& exchange) const;

  async::Link& live_;
  const SnapshotRef& snapshot_;
  const base::Ref<const http::Pipeline>& pipeline_;
  const server::Admission& admission_;
  async::TaskScope asking_;  // At most one task.
};

}  // namespace weir::proxy
