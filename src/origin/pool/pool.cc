#include "origin/pool/pool.h"

#include <utility>

#include "async/event_loop.h"

namespace weir::origin {
namespace {
/// The table keeps at least this many entries without a connection: the next request to the same
/// site reuses its entry.
constexpr size_t kMostEmpty = 64;
}  // namespace

Pool::Pool(const OriginConfig& config, OnFree on_free) : config_(config), on_free_(on_free) {}

Pool::~Pool() {
  while (by_age_.linked())
    unlist(static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection);
  on_free_ = {};
  sweep();
}

void Pool::configure(const OriginConfig& config) {
  config_ = config;
  while (size_ > config_.idle_total) drop_oldest();
  if (by_age_.linked()) sweep_.set(async::EventLoop::current().now_ms());
}

Lease Pool::lease(base::Ref<OriginConnection> connection) {
  if (++connection->leases_ < connection->capacity())
    list(*connection, entry_for(connection->key.authority));
  return Lease(*this, std::move(connection));
}

bool Pool::allows(OriginConnection& connection, const http::Decision& decision) const {
  if (connection.allowed_by == decision.id()) return true;
  if (!decision.check_address(connection.source, connection.peer.address, connection.peer.port))
    return false;
  if (connection.aliases && !decision.check_aliases(*connection.aliases)) return false;
  connection.allowed_by = decision.id();
  return true;
}

Lease Pool::take(const OriginKeyView& key, const http::Decision& decision, uint64_t max_idle_ms,
                 uint64_t names_generation) {
  const auto at = by_authority_.find(key.authority);
  if (at == by_authority_.end()) return {};
  const uint64_t now = async::EventLoop::current().now_ms();
  async::Link& connections = at->second.connections;
  for (async::Link* link = connections.next(); link != &connections;) {
    auto& connection = static_cast<OriginConnection&>(*link);
    link = link->next();
    if (!(connection.key == key)) continue;
    const bool idle = connection.leases_ == 0;
    // The most recently used is first: if it has been idle for too long, so have the others.
    if (idle && now - connection.idle_since_ms_ > max_idle_ms) return {};
    if (!allows(connection, decision)) return {};
    if (!connection.quiet() || connection.names_generation != names_generation) {
      auto spoilt = unlist(connection);
      if (idle) close(std::move(spoilt));
      continue;
    }
    if (idle) end_idle(connection);
    connection.reused = true;
    if (++connection.leases_ < connection.capacity())
      return Lease(*this, base::Ref<OriginConnection>(&connection));
    return Lease(*this, unlist(connection));
  }
  return {};
}

void Pool::end(base::Ref<OriginConnection> connection, bool reusable) {
  --connection->leases_;
  if ((reusable || connection->shared()) && connection->quiet()) {
    if (connection->leases_ == 0) return put_idle(std::move(connection));
    if (!connection->among_) list(*connection, entry_for(connection->key.authority));
    if (on_free_) on_free_(connection->key.authority);
    return;
  }
  if (connection->among_) unlist(*connection);
  if (connection->leases_ == 0) close(std::move(connection));
}

void Pool::forget(OriginConnection& connection) {
  --connection.leases_;
  if (connection.among_) unlist(connection);
}

void Pool::put_idle(base::Ref<OriginConnection> connection) {
  if (size_ >= config_.idle_total) drop_oldest();
  if (connection->among_) unlist(*connection);
  if (size_ >= config_.idle_total) return close(std::move(connection));
  PooledConnections& among = entry_for(connection->key.authority);
  if (among.idle >= config_.idle_per_origin) return close(std::move(connection));
  list(*connection, among);
  begin_idle(*connection);
  if (on_free_) on_free_(connection->key.authority);
}

PooledConnections& Pool::entry_for(std::string_view authority) {
  auto at = by_authority_.find(authority);
  if (at == by_authority_.end()) {
    if (empty_ > kMostEmpty && empty_ > by_authority_.size() / 2) forget_empty();
    at = by_authority_.try_emplace(std::string(authority)).first;
    ++empty_;
  }
  return at->second;
}

void Pool::list(OriginConnection& connection, PooledConnections& among) {
  connection.pool_ = this;
  connection.among_ = &among;
  connection.link_before(*among.connections.next());
  if (among.count++ == 0) --empty_;
  connection.watch(base::Callback<>::to<&OriginConnection::spoilt>(connection));
  (void)base::Ref<OriginConnection>(&connection).leak();
}

base::Ref<OriginConnection> Pool::unlist(OriginConnection& connection) {
  if (connection.age_.linked()) end_idle(connection);
  connection.unlink();
  connection.watch({});
  if (--connection.among_->count == 0) ++empty_;
  connection.among_ = nullptr;
  base::Ref<OriginConnection> given_back(&connection);
  connection.release();
  return given_back;
}

void Pool::begin_idle(OriginConnection& connection) {
  const uint64_t now = async::EventLoop::current().now_ms();
  connection.idle_since_ms_ = now;
  connection.rest();
  connection.age_.link_before(by_age_);
  ++connection.among_->idle;
  ++size_;
  if (sweep_.due_ms() == async::Deadline::kNever) sweep_.set(now + config_.idle_timeout_ms);
}

void Pool::end_idle(OriginConnection& connection) {
  connection.age_.unlink();
  --connection.among_->idle;
  --size_;
}

void Pool::close(base::Ref<OriginConnection> connection) {
  connection->close();
  connection->slot.release();
  if (on_free_) on_free_(connection->key.authority);
}

void Pool::drop_one(std::string_view authority) {
  const auto at = by_authority_.find(authority);
  if (at == by_authority_.end() || at->second.idle == 0) return;
  for (async::Link* link = at->second.connections.next();; link = link->next()) {
    auto& connection = static_cast<OriginConnection&>(*link);
    if (connection.leases_ == 0) return close(unlist(connection));
  }
}

bool Pool::drop_oldest() {
  if (!by_age_.linked()) return false;
  close(unlist(static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection));
  return true;
}

void OriginConnection::spoilt() {
  pool_->spoil(*this);
}

void Pool::spoil(OriginConnection& connection) {
  const bool idle = connection.leases_ == 0;
  auto spoilt = unlist(connection);
  if (!idle) return;
  spoilt.leak()->age_.link_before(spoiled_);
  sweep_.set(async::EventLoop::current().now_ms());
}

void Pool::sweep() {
  while (spoiled_.linked()) {
    OriginConnection& spoilt = static_cast<OriginConnection::AgeLink&>(*spoiled_.next()).connection;
    spoilt.age_.unlink();
    base::Ref<OriginConnection> last(&spoilt);
    spoilt.release();
    close(std::move(last));
  }
  const uint64_t now = async::EventLoop::current().now_ms();
  while (by_age_.linked()) {
    auto& oldest = static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection;
    if (oldest.idle_since_ms_ + config_.idle_timeout_ms > now) {
      sweep_.set(oldest.idle_since_ms_ + config_.idle_timeout_ms);
      return;
    }
    close(unlist(oldest));
  }
}

void Pool::forget_empty() {
  std::erase_if(by_authority_, [](const auto& entry) { return entry.second.count == 0; });
  empty_ = 0;
}

}  // namespace weir::origin
