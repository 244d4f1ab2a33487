#include "proxy/worker.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/event_log.h"
#include "net/tcp_stream.h"

namespace weir::proxy {
namespace {
constexpr int kAcceptsAtOnce = 32;
constexpr uint64_t kRetryMs = 100;
}  // namespace

Worker::Worker(Shared& shared, std::vector<std::pair<uint32_t, net::BoundSocket>> sockets)
    : shared_(shared), journal_(shared.log), tcp_{static_cast<uint32_t>(shared.config.tcp.keepalive_ms)},
      resolver_(shared.config.resolver), connector_(resolver_, shared.config.origin, tcp_), pool_(shared.config.origin),
      sessions_{journal_, pipeline_, shared.config.server, connections_} {
  pipeline_ = make_pipeline(shared.parts, sessions_, shared.config.tunnel,
                            {pool_, connector_, shared.config.origin, shared.config.server.expect_wait_ms,
                             shared.config.tunnel.idle_timeout_ms, shared.parts.via});
  net::set_on_close([](void* worker) { static_cast<Worker*>(worker)->closed_.notify(); }, this);
  {
    std::lock_guard lock(shared_.workers_mutex);
    shared_.workers.push_back(this);
  }
  for (auto& [index, socket] : sockets) {
    listeners_.push_back(std::make_unique<net::Listener>(std::move(socket)));
    scope_.spawn(accept_clients(*listeners_.back(), index));
  }
}

Worker::~Worker() {
  {
    std::lock_guard lock(shared_.workers_mutex);
    std::erase(shared_.workers, this);
  }
  const uint64_t stretch = loop_.take_longest_stretch_us();
  uint64_t longest = shared_.longest_stretch_us.load();
  while (stretch > longest && !shared_.longest_stretch_us.compare_exchange_weak(longest, stretch)) {
  }
  journal_.stopping();
  scope_.cancel_all();
  net::set_on_close(nullptr, nullptr);
}

void Worker::stop() {
  mailbox_.post([this] { loop_.stop(); });
}

async::Task<void> Worker::accept_clients(net::Listener& listener, uint32_t index) {
  struct Alarm : async::Deadline {
    explicit Alarm(async::Signal& signal) : Deadline([](Deadline& self) { static_cast<Alarm&>(self).signal.notify(); }), signal(signal) {}
    async::Signal& signal;
  };
  Alarm retry(closed_);
  for (;;) {
    const ssize_t ready = co_await listener.until_readable(async::Deadline::kNever);
    if (ready < 0) co_return;
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      const auto seen = closed_.version();
      bool full = shared_.connections.load(std::memory_order_relaxed) >= shared_.max_connections;
      if (!full) {
        const auto accepted = listener.accept();
        if (accepted) {
          admit(*accepted, listener, index);
          continue;
        }
        if (accepted.error() == EAGAIN) break;
        full = accepted.error() == EMFILE || accepted.error() == ENFILE || accepted.error() == ENOBUFS || accepted.error() == ENOMEM;
        if (!full) continue;  // The client has gone again.
      }
      // Idle connections make room first; then accepting waits for whoever closes, or a while: an edge does not come twice.
      if (!listener.client_waits()) {
        listener.readiness().readable = false;
        break;
      }
      make_room();
      retry.set(loop_.now_ms() + kRetryMs);
      co_await closed_.changed(seen);
      break;
    }
    async::Yield turn;
    co_await turn;
  }
}

void Worker::make_room() {
  if (connections_.shed_one()) return;
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) {
    if (worker != this) worker->shed_one();
  }
}

void Worker::admit(const net::Listener::Accepted& accepted, net::Listener& listener, uint32_t index) {
  const ListenerConfig& config = shared_.config.listeners[index];
  auto session = base::make_ref<http::Session>();
  session->listener = index;
  session->client = accepted.client;
  session->local = listener.endpoint().address.is_unspecified() ? net::local_endpoint(accepted.descriptor) : listener.endpoint();
  session->refused = !config.clients.empty() && std::ranges::none_of(config.clients, [&](const base::Cidr& network) {
    return network.contains(accepted.client.address);
  });
  scope_.spawn(serve(accepted.descriptor, std::move(session)));
}

async::Task<void> Worker::serve(int descriptor, base::Ref<const http::Session> session) {
  struct Counted {
    std::atomic<uint32_t>& count;
    explicit Counted(std::atomic<uint32_t>& count) : count(count) { count.fetch_add(1, std::memory_order_relaxed); }
    ~Counted() { count.fetch_sub(1, std::memory_order_relaxed); }
  } counted(shared_.connections);
  net::prepare_socket(descriptor, tcp_);
  net::TcpStream stream(descriptor);
  if (stream.error() != 0) co_return;
  co_await server::serve_session(stream, std::move(session), sessions_, base::Slice(), nullptr);
}

}  // namespace weir::proxy
