#include "proxy/worker.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/event_log.h"
#include "match/address_class.h"
#include "net/stream/tcp_stream.h"

namespace weir::proxy {
namespace {
constexpr int kAcceptsAtOnce = 32;
constexpr uint64_t kRetryMs = 100;
constexpr uint64_t kAskAgainMs = 2000;
constexpr int kLastAccepts =
    net::kBacklog + 1;  // What the kernel lets wait; in one turn, so that nobody comes behind.
constexpr uint64_t kLastRequestMs = 50;
}  // namespace

Worker::Worker(Shared& shared, SnapshotRef snapshot, WorkerSockets sockets)
    : shared_(shared),
      loop_(base::Callback<>::to<&Worker::descriptor_closed>(*this)),
      pool_port_(shared.pool, mailbox_),
      journal_(shared.log),
      snapshot_(snapshot),
      origin_config_(snapshot->config.origin),
      resolver_(snapshot->config.resolver),
      connector_(resolver_, origin_config_),
      pool_(origin_config_,
            origin::Pool::OnFree::to<&origin::OriginQueue::wake_one>(origin_queue_)),
      sessions_{journal_, pipeline_, server_config_, connections_, this},
      memory_watch_(base::Callback<>::to<&Worker::relieve_soon>(*this)) {
  use(std::move(snapshot));
  listen(std::move(sockets));
  std::lock_guard lock(shared_.workers_mutex);
  // The end of a worker must not ask for memory.
  shared_.ended.reserve(shared_.workers.size() + 1);
  // Nothing below may throw: from here on other threads see this worker.
  shared_.workers.push_back(this);
}

void Worker::descriptor_closed() {
  if (ending_) return;
  closed_.notify();
  origin_queue_.wake_one({});
}

Worker::~Worker() {
  ending_ = true;
  const uint64_t stretch = loop_.longest_stretch_us();
  uint64_t longest = shared_.longest_stretch_us.load();
  while (stretch > longest && !shared_.longest_stretch_us.compare_exchange_weak(longest, stretch)) {
  }
  listeners_.clear();
  scope_.cancel_all();
  std::lock_guard lock(shared_.workers_mutex);
  std::erase(shared_.workers, this);
  shared_.ended.push_back(counted());
}

WorkerStatus Worker::counted() const {
  WorkerStatus status;
  status.worker = this;
  status.questions_asked = resolver_.questions_asked();
  status.longest_stretch_us = loop_.longest_stretch_us();
  status.loop_turns = loop_.turns();
  status.refused_for_memory = connections_.refused_for_memory();
  status.drips_cut = connections_.drips_cut();
  status.totals = journal_.totals();
  return status;
}

void Worker::use(SnapshotRef snapshot) {
  snapshot_ = std::move(snapshot);
  const Config& config = snapshot_->config;
  journal_.use(snapshot_->log);
  server_config_ = config.server;
  origin_config_ = config.origin;
  tunnel_config_ = config.tunnel;
  tcp_.keepalive_ms = static_cast<uint32_t>(config.tcp.keepalive_ms);
  for (const auto& listening : listeners_) listening->listener.prepare(tcp_);
  resolver_.configure(config.resolver);
  connector_.configure(origin_config_, tcp_);
  pipeline_ = make_pipeline(
      snapshot_->parts, sessions_, tunnel_config_, {shared_.attempts, pool_port_},
      {.pool = pool_,
       .connector = connector_,
       .config = origin_config_,
       .expect_wait_ms = server_config_.expect_wait_ms,
       .tunnel_idle_ms = tunnel_config_.idle_timeout_ms,
       .via = snapshot_->parts.via,
       .slots = &shared_.origin_slots,
       .queue = &origin_queue_,
       .ask_others = [this](const std::string& authority) { ask_for_idle(authority); },
       .make_room = [this] { return free_descriptor(); }});
}

void Worker::ask_for_idle(const std::string& authority) {
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) {
    if (worker != this) worker->give_up_idle(authority);
  }
}

void Worker::listen(WorkerSockets sockets) {
  for (ListenerSocket& socket : sockets) {
    auto& listening = *listeners_.emplace_back(std::make_unique<Listening>(std::move(socket)));
    listening.listener.prepare(tcp_);
    listening.accepting.spawn(accept_clients(listening));
  }
}

bool Worker::refuses(const http::Session& session) const {
  const auto& clients = snapshot_->parts.clients[session.listener];
  return !clients.empty() && std::ranges::none_of(clients, [&](const base::Cidr& network) {
    return network.contains(session.client.address);
  });
}

void Worker::apply(SnapshotRef snapshot, WorkerSockets opened, std::vector<uint32_t> closed) {
  // A letter must be copyable; what it carries is not.
  auto sockets = std::make_shared<WorkerSockets>(std::move(opened));
  mailbox_.post([this, snapshot = std::move(snapshot), sockets, closed = std::move(closed)] {
    use(snapshot);
    std::erase_if(listeners_, [&](const auto& each) {
      if (std::ranges::find(closed, each->number) == closed.end()) return false;
      let_in_the_last(*each);
      return true;
    });
    listen(std::move(*sockets));
    ask_policy_again();
    if (!asking_) scope_.spawn(keep_asking());
  });
}

bool Worker::connecting_from_before() const {
  for (const async::Link* at = journal_.live.next(); at != &journal_.live; at = at->next()) {
    const auto& exchange = static_cast<const http::Exchange&>(*at);
    if (exchange.pipeline.get() == pipeline_.get())
      return false;  // The first that began after: all behind it did, too.
    if (exchange.peer.port == 0 && exchange.status == 0) return true;
  }
  return false;
}

/// What was still on its way to an origin at a reload connects by the old rules; it is asked about
/// once it has.
async::Task<void> Worker::keep_asking() {
  struct Asking {
    bool& flag;
    explicit Asking(bool& flag) : flag(flag) { flag = true; }
    ~Asking() { flag = false; }
  } asking(asking_);
  // In one turn: what is not asked here is on its way.
  while (connecting_from_before()) {
    async::Sleep nap(loop_.now_ms() + kAskAgainMs);
    co_await nap;
    ask_policy_again();
  }
}

/// What runs was allowed by rules that may be gone: what the new ones deny ends, and its line says
/// so.
void Worker::ask_policy_again() {
  const PipelineParts& parts = snapshot_->parts;
  for (async::Link* at = journal_.live.next(); at != &journal_.live; at = at->next()) {
    auto& exchange = static_cast<http::Exchange&>(*at);
    if (exchange.pipeline.get() == pipeline_.get()) return;
    const http::Session& session = *exchange.session;
    if (refuses(session)) {
      exchange.cancel("policy_changed");
      continue;
    }
    if (exchange.peer.port == 0) continue;
    const policy::ListenerRules& rules = *parts.rules[session.listener];
    if (!policy::check_port(rules, exchange.peer.port) ||
        !policy::check(rules, exchange.host(), exchange.peer_source, exchange.peer.address,
                       exchange.peer.port)) {
      exchange.cancel("policy_changed");
    }
  }
}

void Worker::stop(const char* reason) {
  mailbox_.post([this, reason] {
    journal_.stopping(reason);
    loop_.stop();
  });
}

void Worker::drain() {
  mailbox_.post([this] {
    connections_.drain();
    for (const auto& listening : listeners_) let_in_the_last(*listening);
    listeners_.clear();
    scope_.spawn(end_when_drained());
  });
}

async::Task<void> Worker::end_when_drained() {
  // Who was let in last may have sent a request; who has not is closed.
  async::Sleep last_request(loop_.now_ms() + kLastRequestMs);
  co_await last_request;
  connections_.drain();
  // Connections that are about to close, and those that come to their end: looked at often enough
  // for a person who waits.
  while (connections_.count() > 0) {
    async::Sleep nap(loop_.now_ms() + 20);
    co_await nap;
  }
  loop_.stop();
}

void Worker::tell(std::function<void(const WorkerStatus&)> told) {
  mailbox_.post([this, told = std::move(told)] {
    WorkerStatus status = counted();
    status.connections = connections_.count();
    for (const async::Link* at = journal_.live.next(); at != &journal_.live; at = at->next())
      ++status.exchanges;
    status.idle_origin_connections = pool_.size();
    status.cached_names = resolver_.cache_size();
    status.memory_kept = base::kept_bytes();
    told(status);
  });
}

bool Worker::full() const {
  return shared_.connections.load(std::memory_order_relaxed) >= shared_.max_connections ||
         base::Account::stand() == base::Memory::over;
}

void Worker::let_in_the_last(Listening& listening) {
  for (int i = 0; i < kLastAccepts && !full() &&
                  net::descriptors_left(shared_.spare_descriptors.load(std::memory_order_relaxed));
       ++i) {
    const auto accepted = listening.listener.accept();
    if (accepted) {
      admit(*accepted, listening);
    } else if (const int error = accepted.error(); error == EAGAIN || error == EMFILE ||
                                                   error == ENFILE || error == ENOBUFS ||
                                                   error == ENOMEM) {
      return;
    }
  }
}

async::Task<void> Worker::accept_clients(Listening& listening) {
  net::Listener& listener = listening.listener;
  async::Alarm<async::Signal, &async::Signal::notify> retry(closed_);
  for (;;) try {
      const ssize_t ready = co_await listener.until_readable(async::Deadline::kNever);
      if (ready < 0) co_return;
      for (int i = 0; i < kAcceptsAtOnce; ++i) {
        const auto seen = closed_.version();
        // At the limit of memory they come in to be told so; where that alone goes too far, they
        // wait.
        bool full = this->full();
        bool no_descriptor =
            !net::descriptors_left(shared_.spare_descriptors.load(std::memory_order_relaxed));
        if (!full && !no_descriptor) {
          const auto accepted = listener.accept();
          if (accepted) {
            admit(*accepted, listening);
            continue;
          }
          if (accepted.error() == EAGAIN) break;
          no_descriptor = accepted.error() == EMFILE || accepted.error() == ENFILE;
          full = accepted.error() == ENOBUFS || accepted.error() == ENOMEM;
          if (!full && !no_descriptor) continue;  // The client has gone again.
        }
        // Idle connections make room first; then accepting waits for whoever closes, or a while: an
        // edge does not come twice.
        if (!listener.client_waits()) {
          listener.readiness().readable = false;
          break;
        }
        if (full) {
          if (crowded()) relieve_soon();
          make_room();
        } else {
          free_descriptor();
        }
        retry.set(loop_.now_ms() + kRetryMs);
        co_await closed_.changed(seen);
        break;
      }
      async::Yield turn;
      co_await turn;
    } catch (const std::bad_alloc&) {
      // Accepting goes on: with what is closed meanwhile there is some.
    }
}

void Worker::make_room() {
  if (connections_.shed_one()) return;
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) {
    if (worker != this) worker->shed_one();
  }
}

bool Worker::free_descriptor() {
  if (pool_.drop_oldest()) return true;
  if (connections_.shed_one()) return false;  // It closes when its task ends.
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) {
    if (worker != this) worker->shed_descriptor();
  }
  return false;
}

namespace {
/// A client's connection, which counts.
class ClientStream final : public net::TcpStream {
 public:
  ClientStream(int descriptor, Shared& shared, const base::IpAddress& address)
      : TcpStream(descriptor), shared_(shared), address_(address) {
    shared_.connections.fetch_add(1, std::memory_order_relaxed);
  }
  ~ClientStream() override {
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    if (counted_) shared_.client_counts.remove(address_);
  }
  /// How many of this address there are with it.
  uint32_t count() {
    const uint32_t count = shared_.client_counts.add(address_);
    counted_ = true;
    return count;
  }

 private:
  Shared& shared_;
  const base::IpAddress address_;
  bool counted_ = false;
};
}  // namespace

// Without memory a client is closed, and accepting goes on.
void Worker::admit(const net::Listener::Accepted& accepted, const Listening& listening) try {
  std::unique_ptr<ClientStream> stream;
  try {
    stream = std::make_unique<ClientStream>(accepted.descriptor, shared_, accepted.client.address);
  } catch (const std::bad_alloc&) {
    close(accepted.descriptor);
    return;
  }
  if (stream->error() != 0) return;
  auto session = base::make_ref<http::Session>();
  session->listener = listening.number;
  session->listener_use = listening.use;
  session->client = accepted.client;
  const base::Endpoint& local = listening.listener.endpoint();
  session->local =
      local.address.is_unspecified() ? net::local_endpoint(accepted.descriptor) : local;
  const uint32_t most = snapshot_->config.connections_per_client;
  const uint32_t count = stream->count();
  session->over_limit = most != 0 && count > most &&
                        match::classify(accepted.client.address) != match::AddressClass::loopback;
  if (crowded()) relieve_soon();
  scope_.spawn(server::serve_client(std::move(stream), std::move(session), sessions_));
} catch (const std::bad_alloc&) {
}

}  // namespace weir::proxy
