// Accepts a worker's clients.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "async/event_loop.h"
#include "async/signal.h"
#include "net/stream/listener.h"
#include "proxy/listeners.h"
#include "proxy/relief.h"
#include "proxy/shared.h"
#include "server/http1/session.h"

namespace weir::proxy {

/// One per worker: its listening sockets, and the limits that are checked before a client is
/// accepted.
class Acceptor {
 public:
  /// All arguments outlive this. Clients are served in `clients`; `freed` is notified when a
  /// descriptor closes.
  Acceptor(Shared& shared, Relief& relief, const server::SessionContext& sessions,
           async::TaskScope& clients, async::Signal& freed)
      : shared_(shared), relief_(relief), sessions_(sessions), clients_(clients), freed_(freed) {}
  Acceptor(const Acceptor&) = delete;

  /// Applies a new configuration: socket options for clients, and how many connections a client may
  /// have (0: any number).
  void use(const net::TcpOptions& tcp, uint32_t most_per_client);
  void listen(WorkerSockets sockets);
  /// Closes the listeners with these numbers, or all of them. Clients in the accept queue are
  /// connected already: they are accepted first, as far as limits allow.
  void close(const std::vector<uint32_t>& numbers);
  void close_all();
  /// Closes all listeners at once, without accepting the clients in their queues.
  void cancel() { listeners_.clear(); }

 private:
  /// One listening socket and the task that accepts on it.
  struct Listening {
    explicit Listening(ListenerSocket socket)
        : number(socket.number), use(std::move(socket.use)), listener(std::move(socket.socket)) {}
    const uint32_t number;
    const std::shared_ptr<const void> use;
    net::Listener listener;
    async::TaskScope accepting;
  };
  /// At the limit of connections, or so far over the limit of memory that even an error response
  /// would cost too much.
  bool full() const;
  bool no_descriptor() const;
  void let_in_the_last(Listening& listening);
  async::Task<void> accept_clients(Listening& listening);
  void admit(const net::Listener::Accepted& accepted, const Listening& listening);

  Shared& shared_;
  Relief& relief_;
  const server::SessionContext& sessions_;
  async::TaskScope& clients_;
  async::Signal& freed_;
  net::TcpOptions tcp_;
  uint32_t most_per_client_ = 0;
  std::vector<std::unique_ptr<Listening>> listeners_;
};

}  // namespace weir::proxy
