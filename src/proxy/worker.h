// One thread's share of everything.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "async/mailbox.h"
#include "base/account.h"
#include "journal/journal.h"
#include "net/dns/resolver.h"
#include "origin/connect/connector.h"
#include "origin/pool/origin_connection.h"
#include "origin/pool/origin_queue.h"
#include "proxy/acceptor.h"
#include "proxy/config.h"
#include "proxy/pipeline.h"
#include "proxy/policy_review.h"
#include "proxy/relief.h"
#include "proxy/shared.h"
#include "proxy/snapshot.h"
#include "proxy/status.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// Owns what outlives a reload: loop, pool, names, connections. Made, run and destroyed on its own
/// thread.
class Worker final : private server::Admission, public Colleague {
 public:
  Worker(Shared& shared, SnapshotRef snapshot, WorkerSockets sockets);
  Worker(const Worker&) = delete;
  ~Worker();

  void run() { loop_.run(); }
  /// Any thread. Ends at once; what runs is cut with that word in the log.
  void stop(const char* reason);
  /// Any thread. Lets nobody in any more; run() returns when nothing runs.
  void drain();
  /// Any thread. What begins from now on goes by `snapshot`; what runs is asked of its policy.
  void apply(SnapshotRef snapshot, WorkerSockets opened, std::vector<uint32_t> closed);
  /// Any thread: asks for numbers; `told` is called on the worker.
  void tell(std::function<void(const WorkerStatus&)> told);

  void relieve(bool scarce) override;
  void shed_one() override;
  void shed_descriptor() override;
  void give_up_idle(const std::string& authority) override;

 private:
  /// What it has counted since its start.
  WorkerStatus counted() const;
  bool refuses(const http::Session& session) const override;
  void use(SnapshotRef snapshot);
  origin::ForwardContext forward_context();
  async::Task<void> end_when_drained();
  void descriptor_closed();

  Shared& shared_;
  bool ending_ = false;  // Its members go.
  async::EventLoop loop_;
  async::Mailbox mailbox_;
  async::PoolPort pool_port_;
  async::Signal freed_;  // A descriptor has closed.
  journal::WorkerJournal journal_;
  SnapshotRef snapshot_;
  // Of the snapshot, at addresses that last: what runs refers to them, and takes new limits at
  // once.
  server::ServerConfig server_config_;
  origin::OriginConfig origin_config_;
  tunnel::TunnelConfig tunnel_config_;
  net::Resolver resolver_;
  origin::Connector connector_;
  origin::Pool pool_;
  origin::OriginQueue origin_queue_;
  server::LiveConnections connections_;
  Relief relief_;
  base::Ref<const http::Pipeline> pipeline_;
  const server::SessionContext sessions_;
  PolicyReview policy_review_;
  async::TaskScope scope_;  // Behind all that its tasks use: they go first.
  Acceptor acceptor_;
  const base::Account::Watch memory_watch_;
};

}  // namespace weir::proxy
