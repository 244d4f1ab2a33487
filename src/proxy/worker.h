// A worker: one thread that serves clients.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "async/mailbox.h"
#include "base/account.h"
#include "journal/journal.h"
#include "net/dns/resolver.h"
#include "origin/connect/connector.h"
#include "origin/pool/origin_queue.h"
#include "origin/pool/pool.h"
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

/// Owns what outlives a reload: loop, connection pool, cached names, connections. All of that
/// follows the current configuration; an exchange keeps the one that it began with, to its end, by
/// its pipeline. Made, run and destroyed on its own thread.
class Worker final : private server::Admission, public Colleague {
 public:
  Worker(Shared& shared, SnapshotRef snapshot, WorkerSockets sockets);
  Worker(const Worker&) = delete;
  ~Worker();

  void run() { loop_.run(); }
  /// Any thread. Ends at once; the log lines of exchanges that are cut name `reason`.
  void stop(const char* reason);
  /// Any thread. Accepts no more clients; run() returns when no connection is left.
  void drain();
  /// Any thread. New exchanges use `snapshot`; running ones are checked against its policy.
  void apply(SnapshotRef snapshot, WorkerSockets opened, std::vector<uint32_t> closed);
  /// Any thread. Collects the current status; `told` is called with it on the worker's thread.
  void tell(std::function<void(const WorkerStatus&)> told);

  void relieve(bool scarce) override;
  void shed_one() override;
  void shed_descriptor() override;
  void give_up_idle(const std::string& authority) override;

 private:
  /// The counts since this worker's start.
  WorkerStatus counted() const;
  bool refuses(const http::Session& session) const override;
  void use(SnapshotRef snapshot);
  origin::ForwardContext forward_context();
  origin::AcquireContext acquire_context();
  async::Task<void> end_when_drained();
  void descriptor_closed();

  Shared& shared_;
  bool ending_ = false;  // The destructor runs.
  async::EventLoop loop_;
  async::Mailbox mailbox_;
  async::PoolPort pool_port_;
  async::Signal freed_;  // Notified when a descriptor has closed.
  journal::WorkerJournal journal_;
  SnapshotRef snapshot_;
  // The current limits of client connections, at a fixed address: a connection, which outlives its
  // exchanges, follows the current configuration.
  server::ServerConfig server_config_;
  net::Resolver resolver_;
  origin::Connector connector_;
  origin::Pool pool_;
  origin::OriginQueue origin_queue_;
  server::LiveConnections connections_;
  Relief relief_;
  base::Ref<const http::Pipeline> pipeline_;
  const server::SessionContext sessions_;
  PolicyReview policy_review_;
  async::TaskScope scope_;  // Declared after all that its tasks use: destroyed first.
  Acceptor acceptor_;
  const base::Account::Watch memory_watch_;
};

}  // namespace weir::proxy
