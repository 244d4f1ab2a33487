// Asks policy again about what already runs.
#pragma once
#include "async/event_loop.h"
#include "http/exchange.h"
#include "proxy/snapshot.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// One per list of running exchanges: a worker has two, of its clients' and of its own. Running
/// exchanges were allowed by rules that may have changed since: those that the new rules deny are
/// cancelled, and their log lines say so. Every exchange whose decision is of an earlier generation
/// is asked about, the way it was asked about at first (policy::decide) and with what is known by
/// now.
class PolicyReview {
 public:
  /// How many exchanges are looked at in a turn of the loop.
  static constexpr size_t kSlice = 256;

  /// All arguments belong to the worker: its running exchanges; its current snapshot and pipeline,
  /// which a reload replaces; and what decides whether a client is still admitted.
  PolicyReview(async::Link& live, const SnapshotRef& snapshot,
               const base::Ref<const http::Pipeline>& pipeline, const server::ClientRules& clients)
      : live_(live), snapshot_(snapshot), pipeline_(pipeline), clients_(clients) {}
  PolicyReview(const PolicyReview&) = delete;

  /// Call it when the generation of the rules has risen, for whatever reason. The first slice is
  /// asked about at once, the others in the following turns; and again as long as an exchange may
  /// still connect by an earlier decision. Another call meanwhile starts anew.
  void begin();
  /// Stops asking.
  void cancel() { asking_.cancel_all(); }

 private:
  async::Task<void> ask_all();
  /// One walk over all exchanges. False if one has to be asked about again later, or if memory ran
  /// out.
  async::Task<bool> finished();
  /// Looks at one slice behind `place`, which moves on. True if that was the last one.
  bool look_at_slice(async::Link& place, bool& again);
  /// True if it has to be asked about again, because it is not connected yet.
  bool look_at(http::Exchange& exchange) const;
  /// The decision of now; an error if the exchange may not go on.
  base::Result<base::Ref<const policy::Decision>> decide(http::Exchange& exchange) const;

  async::Link& live_;
  const SnapshotRef& snapshot_;
  const base::Ref<const http::Pipeline>& pipeline_;
  const server::ClientRules& clients_;
  async::TaskScope asking_;  // At most one task.
};

}  // namespace weir::proxy
