#include "proxy/worker.h"

#include <algorithm>
#include <new>

#include "base/memory.h"

namespace weir::proxy {
namespace {

constexpr uint64_t kLastRequestMs = 50;

/// Null if there is no memory for it: a worker that ends, or answers, must not fail.
std::shared_ptr<const journal::RuleCounts> copy_of(const journal::RuleCounts& counts) {
  try {
    return std::make_shared<const journal::RuleCounts>(counts);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace

Worker::Worker(Shared& shared, SnapshotRef snapshot, WorkerSockets sockets, Serves serves)
    : shared_(shared),
      serves_(serves),
      loop_(base::Callback<>::to<&Worker::descriptor_closed>(*this)),
      pool_port_(shared.pool, mailbox_),
      journal_(shared.log, shared.denials),
      snapshot_(snapshot),
      resolver_(snapshot->config.resolver),
      connector_(resolver_),
      tls_(pool_port_, missing_issuers_),
      pool_(snapshot->config.origin,
            origin::Pool::OnFree::to<&origin::OriginQueue::wake_one>(origin_queue_)),
      opener_(shared.opening),
      relief_(shared, *this, connections_, pool_),
      sessions_{journal_, pipeline_, server_config_, connections_, this},
      policy_review_(journal_.live, snapshot_, pipeline_, *this),
      errands_review_(errands_.live, snapshot_, pipeline_, *this),
      acceptor_(shared, relief_, sessions_, scope_, freed_),
      memory_watch_(base::Callback<>::to<&Relief::relieve_soon>(relief_)) {
  use(std::move(snapshot));
  acceptor_.listen(std::move(sockets));
  std::lock_guard lock(shared_.workers_mutex);
  // A worker that ends must not fail for want of memory.
  shared_.ended.reserve(shared_.workers.size() + 1);
  // Nothing below may throw: from here on other threads see this worker.
  shared_.workers.push_back(this);
}

Worker::~Worker() {
  ending_ = true;
  const uint64_t stretch = loop_.longest_stretch_us();
  uint64_t longest = shared_.longest_stretch_us.load();
  while (stretch > longest && !shared_.longest_stretch_us.compare_exchange_weak(longest, stretch)) {
  }
  acceptor_.cancel();
  policy_review_.cancel();
  errands_review_.cancel();
  scope_.cancel_all();
  std::lock_guard lock(shared_.workers_mutex);
  std::erase(shared_.workers, this);
  shared_.ended.push_back(counted());
}

void Worker::descriptor_closed() {
  if (ending_) return;
  freed_.notify();
  origin_queue_.wake_one({});
}

WorkerStatus Worker::counted() const {
  WorkerStatus status;
  status.worker = this;
  status.serves_clients = serves_ == Serves::clients;
  status.questions_asked = resolver_.questions_asked();
  status.longest_stretch_us = loop_.longest_stretch_us();
  status.loop_turns = loop_.turns();
  status.refused_for_memory = connections_.refused_for_memory();
  status.drips_cut = connections_.drips_cut();
  status.totals = journal_.totals();
  status.rule_counts = copy_of(journal_.rule_counts());
  status.errands_started = errands_.started();
  status.errands_failed = errands_.failed();
  return status;
}

void Worker::use(SnapshotRef snapshot) {
  snapshot_ = std::move(snapshot);
  const Config& config = snapshot_->config;
  journal_.use(snapshot_->log);
  server_config_ = base::make_ref<server::KeptConfig>(config.server);
  net::TcpOptions tcp;
  tcp.keepalive_ms = static_cast<uint32_t>(config.tcp.keepalive_ms);
  acceptor_.use(tcp, config.connections_per_client);
  relief_.use_lowest_rate(config.lowest_rate);
  resolver_.configure(config.resolver);
  connector_.configure(tcp);
  tls_.use(snapshot_->parts->trust, snapshot_->parts->key_log, config.tls);
  pool_.configure(config.origin);
  opener_.use(snapshot_->parts->leaves, snapshot_->parts->key_log);
  pipeline_ = make_pipeline(snapshot_->parts, sessions_, {shared_.attempts, pool_port_},
                            forward_context(), shared_.denials, opener_);
}

origin::ForwardContext Worker::forward_context() {
  return {.acquire = acquire_context(),
          .expect_wait_ms = snapshot_->config.server.expect_wait_ms,
          .tunnel_idle_ms = snapshot_->parts->tunnel.idle_timeout_ms,
          .via = snapshot_->parts->via};
}

origin::AcquireContext Worker::acquire_context() {
  return {.pool = pool_,
          .connector = connector_,
          .config = snapshot_->parts->origin,
          .slots = &shared_.origin_slots,
          .queue = &origin_queue_,
          .ask_others =
              [this](const std::string& authority) {
                shared_.ask_others(*this,
                                   [&](Colleague& worker) { worker.give_up_idle(authority); });
              },
          .make_room = [this] { return relief_.free_descriptor(); },
          .tls = &tls_};
}

bool Worker::refuses(const http::Session& session) const {
  if (session.listener == policy::kHouse) return false;
  const auto& clients = snapshot_->parts->clients[session.listener];
  return !clients.empty() && std::ranges::none_of(clients, [&](const base::Cidr& network) {
    return network.contains(session.client.address);
  });
}

void Worker::apply(SnapshotRef snapshot, WorkerSockets opened, std::vector<uint32_t> closed) {
  // Mailbox functions must be copyable, and sockets are not.
  auto sockets = std::make_shared<WorkerSockets>(std::move(opened));
  mailbox_.post([this, snapshot = std::move(snapshot), sockets, closed = std::move(closed)] {
    use(snapshot);
    acceptor_.close(closed);
    acceptor_.listen(std::move(*sockets));
    policy_review_.begin();
    errands_review_.begin();
  });
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
    acceptor_.close_all();
    scope_.spawn(end_when_drained());
  });
}

async::Task<void> Worker::end_when_drained() {
  // Clients accepted last may have sent a request by then; those that have not are closed.
  async::Sleep last_request(loop_.now_ms() + kLastRequestMs);
  co_await last_request;
  connections_.drain();
  // Wait for the remaining connections to end, here and elsewhere, whose clients read what this
  // worker fetches. Polled often enough for a person who waits.
  while (errands_.cancel_unread("drained") || connections_.count() > 0) {
    async::Sleep nap(loop_.now_ms() + 20);
    co_await nap;
  }
  loop_.stop();
}

void Worker::call(std::function<void(Worker&)> job) {
  mailbox_.post([this, job = std::move(job)] { job(*this); });
}

void Worker::relieve(bool scarce) {
  mailbox_.post([this, scarce] {
    if (scarce) base::keep_memory(false);
    relief_.relieve_soon();
  });
}

void Worker::shed_one() {
  mailbox_.post([this] { connections_.shed_one(); });
}

void Worker::shed_descriptor() {
  mailbox_.post([this] { (void)(pool_.drop_oldest() || connections_.shed_one()); });
}

void Worker::give_up_idle(const std::string& authority) {
  mailbox_.post([this, authority] { pool_.drop_one(authority); });
}

void Worker::tell(std::function<void(const WorkerStatus&)> told) {
  mailbox_.post([this, told = std::move(told)] {
    WorkerStatus status = counted();
    status.connections = connections_.count();
    status.exchanges = journal_.running();
    status.errands = errands_.running();
    status.idle_origin_connections = pool_.size();
    status.cached_names = resolver_.cache_size();
    status.memory_kept = base::kept_bytes();
    told(status);
  });
}

}  // namespace weir::proxy
