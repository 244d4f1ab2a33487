// A worker: one thread that serves clients, or what belongs to none.
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
#include "proxy/errand.h"
#include "proxy/fetch_issuer.h"
#include "proxy/pipeline.h"
#include "proxy/policy_review.h"
#include "proxy/relief.h"
#include "proxy/shared.h"
#include "proxy/snapshot.h"
#include "proxy/status.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// Whom a worker is for: clients, or what belongs to none (proxy/house.h).
enum class Serves : uint8_t { clients, nobody };

/// Owns what outlives a reload: loop, connection pool, cached names, connections. All of that
/// follows the current configuration; an exchange keeps the one that it began with, to its end, by
/// its pipeline. Made, run and destroyed on its own thread.
class Worker final : private server::ClientRules, public Colleague {
 public:
  Worker(Shared& shared, SnapshotRef snapshot, WorkerSockets sockets,
         Serves serves = Serves::clients);
  Worker(const Worker&) = delete;
  ~Worker();

  void run() { loop_.run(); }
  /// Any thread. Ends at once; the log lines of exchanges that are cut name `reason`.
  void stop(const char* reason);
  /// Any thread. Accepts no more clients; run() returns when no connection is left, and no request
  /// of Weir's own that a client still reads.
  void drain();
  /// Any thread. New exchanges use `snapshot`; running ones are checked against its policy.
  void apply(SnapshotRef snapshot, WorkerSockets opened, std::vector<uint32_t> closed);
  /// Any thread. Collects the current status; `told` is called with it on the worker's thread.
  void tell(std::function<void(const WorkerStatus&)> told);

  /// Any thread. Calls `job` on the worker's thread, if the worker does not end before.
  void call(std::function<void(Worker&)> job);
  /// Any thread. A worker that is for nobody has no listening sockets.
  Serves serves() const { return serves_; }

  /// On the worker's thread: for its own requests, and for tasks that belong to no client. Both end
  /// with the worker at the latest.
  Errands& errands() { return errands_; }
  void spawn(async::Task<void> task) { scope_.spawn(std::move(task)); }

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
  const Serves serves_;
  bool ending_ = false;  // The destructor runs.
  async::EventLoop loop_;
  async::Mailbox mailbox_;
  async::PoolPort pool_port_;
  async::Signal freed_;  // Notified when a descriptor has closed.
  journal::WorkerJournal journal_;
  Errands errands_{pipeline_};
  SnapshotRef snapshot_;
  // The current limits of client connections; each request takes its own share of them.
  server::ConfigRef server_config_;
  net::Resolver resolver_;
  origin::Connector connector_;
  IssuerFetcher issuer_fetcher_{*this};
  origin::MissingIssuers missing_issuers_{issuer_fetcher_};
  origin::OriginTls tls_;
  origin::Pool pool_;
  origin::OriginQueue origin_queue_;
  intercept::Opener opener_;
  server::LiveConnections connections_;
  Relief relief_;
  base::Ref<const http::Pipeline> pipeline_;
  const server::SessionContext sessions_;
  PolicyReview policy_review_;
  PolicyReview errands_review_;
  async::TaskScope scope_;  // Declared after all that its tasks use: destroyed first.
  Acceptor acceptor_;
  const base::Account::Watch memory_watch_;
};

}  // namespace weir::proxy
