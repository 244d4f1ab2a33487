// After a reload, policy is asked again about what already runs.
#pragma once
#include "async/event_loop.h"
#include "http/exchange.h"
#include "http/stage.h"
#include "proxy/snapshot.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// Of a worker. What runs was allowed by rules that may be gone: what the new ones deny ends, and
/// its line in the log says so.
class PolicyReview {
 public:
  /// All are the worker's: its exchanges that run, in the order in which they began; its
  /// configuration and pipeline, which change under it; who answers for `clients`.
  PolicyReview(async::Link& live, const SnapshotRef& snapshot,
               const base::Ref<const http::Pipeline>& pipeline, const server::Admission& admission)
      : live_(live), snapshot_(snapshot), pipeline_(pipeline), admission_(admission) {}
  PolicyReview(const PolicyReview&) = delete;

  /// The configuration has changed: asks at once, and again for as long as something from before
  /// may still connect.
  void begin();
  /// Ends it.
  void cancel() { asking_.cancel_all(); }

 private:
  void ask();
  /// An exchange that began before the last reload may still connect.
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
