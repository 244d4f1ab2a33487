// One thread's share of everything.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "async/mailbox.h"
#include "base/account.h"
#include "journal/journal.h"
#include "net/dns/resolver.h"
#include "net/stream/listener.h"
#include "origin/connect/connector.h"
#include "origin/pool/origin_connection.h"
#include "proxy/client_counts.h"
#include "proxy/config.h"
#include "proxy/listeners.h"
#include "proxy/pipeline.h"
#include "proxy/snapshot.h"
#include "proxy/status.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// What workers share; outlives them.
struct Shared {
  Shared(journal::AccessLog& log, uint32_t max_connections, uint32_t per_origin)
      : log(log), max_connections(max_connections), origin_slots(per_origin) {}

  journal::AccessLog& log;
  /// Of clients, in all workers, and how many there may be.
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> max_connections;
  /// Descriptors that new clients leave to the origin connections of those who are there.
  std::atomic<uint32_t> spare_descriptors{0};
  std::atomic<uint64_t> longest_stretch_us{0};
  /// Before that no worker asks the others to give memory back, since one has done so.
  std::atomic<uint64_t> ask_again_ms{0};
  /// Before that nobody says again that there is no memory.
  std::atomic<uint64_t> say_again_ms{0};
  ClientCounts client_counts;
  origin::OriginSlots origin_slots;
  auth::Attempts attempts;
  /// Checks passwords. A second is what such a hash may take: two threads leave the others to the
  /// workers.
  async::Pool pool{2, 256};
  /// All that run; each puts itself in and takes itself out.
  std::mutex workers_mutex;
  std::vector<class Worker*> workers;
  /// What those who have ended had counted. Under that lock too.
  std::vector<WorkerStatus> ended;
};

/// Owns what outlives a reload: loop, pool, names, connections. Made, run and destroyed on its own
/// thread.
class Worker final : private server::Admission {
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
  /// Any thread: closes this worker's longest idle connection, of an origin where there is one.
  void shed_descriptor() {
    mailbox_.post([this] { (void)(pool_.drop_oldest() || connections_.shed_one()); });
  }
  /// Any thread: closes this worker's longest idle connection of a client.
  void shed_one() {
    mailbox_.post([this] { connections_.shed_one(); });
  }

 private:
  /// One socket that clients come to, and who accepts at it.
  struct Listening {
    explicit Listening(ListenerSocket socket)
        : number(socket.number), use(std::move(socket.use)), listener(std::move(socket.socket)) {}
    const uint32_t number;
    const std::shared_ptr<const void> use;
    net::Listener listener;
    async::TaskScope accepting;
  };
  /// What it has counted since its start.
  WorkerStatus counted() const;
  bool refuses(const http::Session& session) const override;
  void use(SnapshotRef snapshot);
  void listen(WorkerSockets sockets);
  void ask_policy_again();
  /// Something began before the last reload, and may still connect.
  bool connecting_from_before() const;
  async::Task<void> keep_asking();
  void make_room();
  /// Memory or connections come near their limit; looked at again until they do not.
  bool crowded() const;
  void relieve_soon();
  void relieve();
  void ask_others_to_relieve(bool scarce);
  /// Closes what is idle, as much as one turn should.
  void close_idle();
  /// Where descriptors have run out: idle origin connections go first. True: one of this worker has
  /// gone.
  bool free_descriptor();
  /// Any thread: one idle connection to that origin makes place for another worker's.
  void give_up_idle(const std::string& authority) {
    mailbox_.post([this, authority] { pool_.drop_one(authority); });
  }
  /// The other workers each close an idle connection to that origin.
  void ask_for_idle(const std::string& authority);
  async::Task<void> end_when_drained();
  /// Nobody else may come in now.
  bool full() const;
  /// Who waits to be let in at a listener that closes has a connection already: it is not to be
  /// reset, as far as limits allow.
  void let_in_the_last(Listening& listening);
  async::Task<void> accept_clients(Listening& listening);
  void admit(const net::Listener::Accepted& accepted, const Listening& listening);

  void descriptor_closed();

  Shared& shared_;
  bool ending_ = false;  // Its members go.
  async::EventLoop loop_;
  async::Mailbox mailbox_;
  async::PoolPort pool_port_;
  async::Signal closed_;  // A descriptor has become free.
  journal::WorkerJournal journal_;
  SnapshotRef snapshot_;
  // Of the snapshot, at addresses that last: what runs refers to them, and takes new limits at
  // once.
  server::ServerConfig server_config_;
  origin::OriginConfig origin_config_;
  tunnel::TunnelConfig tunnel_config_;
  net::TcpOptions tcp_;
  net::Resolver resolver_;
  origin::Connector connector_;
  origin::Pool pool_;
  origin::OriginQueue origin_queue_;
  server::LiveConnections connections_;
  async::Alarm<Worker, &Worker::relieve> relief_{*this};
  base::Ref<const http::Pipeline> pipeline_;
  const server::SessionContext sessions_;
  std::vector<std::unique_ptr<Listening>> listeners_;
  bool asking_ = false;     // keep_asking() runs.
  async::TaskScope scope_;  // Behind all that its tasks use: they go first.
  const base::Account::Watch memory_watch_;
};

}  // namespace weir::proxy
