// One thread's share of everything.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "async/mailbox.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "origin/connector.h"
#include "origin/origin_connection.h"
#include "proxy/config.h"
#include "proxy/journal.h"
#include "proxy/pipeline.h"
#include "server/session.h"

namespace weir::proxy {

/// What workers share; outlives them.
struct Shared {
  Shared(const Config& config, const PipelineParts& parts, AccessLog& log, uint32_t max_connections)
      : config(config), parts(parts), log(log), max_connections(max_connections) {}

  const Config& config;
  const PipelineParts& parts;
  AccessLog& log;
  /// Of clients, in all workers, and how many there may be.
  std::atomic<uint32_t> connections{0};
  const uint32_t max_connections;
  std::atomic<uint64_t> longest_stretch_us{0};
  /// All that run; each puts itself in and takes itself out.
  std::mutex workers_mutex;
  std::vector<class Worker*> workers;
};

/// Owns what outlives a reload: loop, pool, names, connections. Made, run and destroyed on its own thread.
class Worker {
 public:
  /// `sockets` by listener.
  Worker(Shared& shared, std::vector<std::pair<uint32_t, net::BoundSocket>> sockets);
  Worker(const Worker&) = delete;
  ~Worker();

  void run() { loop_.run(); }
  /// Any thread.
  void stop();
  /// Any thread: closes this worker's longest idle connection.
  void shed_one() {
    mailbox_.post([this] { connections_.shed_one(); });
  }

 private:
  void make_room();
  async::Task<void> accept_clients(net::Listener& listener, uint32_t index);
  async::Task<void> serve(int descriptor, base::Ref<const http::Session> session);
  void admit(const net::Listener::Accepted& accepted, net::Listener& listener, uint32_t index);

  Shared& shared_;
  async::EventLoop loop_;
  async::Mailbox mailbox_;
  async::Signal closed_;  // A descriptor has become free.
  WorkerJournal journal_;
  net::TcpOptions tcp_;
  net::Resolver resolver_;
  origin::Connector connector_;
  origin::Pool pool_;
  server::LiveConnections connections_;
  base::Ref<const http::Pipeline> pipeline_;
  const server::SessionContext sessions_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  async::TaskScope scope_;  // Last: its tasks go first.
};

}  // namespace weir::proxy
