#include "origin/pool/origin_connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weir::origin {
namespace {
/// The table keeps at least this many entries without a connection: the next request to the same
/// site reuses its entry.
constexpr size_t kMostEmpty = 64;
}  // namespace

bool OriginConnection::quiet() {
  async::Readiness& state = stream->readiness();
  if (!input.empty() || state.peer_closed || state.broken) return false;
  if (!state.readable && rested_turn_ != async::EventLoop::current().turns()) return true;
  // After splice, nothing has shown yet that the socket is empty: ask the kernel once.
  char byte;
  const ssize_t n = stream->try_read(&byte, 1);
  if (n == 1) input.put(base::Slice::copy_of({&byte, 1}));
  return n == -EAGAIN;
}

Pool::Pool(const OriginConfig& config, OnFree on_free) : config_(config), on_free_(on_free) {}

void Pool::forget_empty() {
  std::erase_if(by_authority_, [](const auto& entry) { return entry.second.count == 0; });
  empty_ = 0;
}

Pool::~Pool() {
  while (by_age_.linked())
    remove(static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection);
  on_free_ = {};
  sweep();
}

std::unique_ptr<OriginConnection> Pool::remove(OriginConnection& connection) {
  connection.age_.unlink();
  connection.unlink();
  connection.pool_ = nullptr;
  connection.stream->readiness().on_readable = {};
  --size_;
  if (--connection.among_->count == 0) ++empty_;
  return std::unique_ptr<OriginConnection>(&connection);
}

void Pool::drop(std::unique_ptr<OriginConnection> connection) {
  connection->stream = nullptr;
  connection->slot.release();
  if (on_free_) on_free_(connection->authority);
}

std::unique_ptr<OriginConnection> Pool::take(std::string_view authority,
                                             const http::Decision& decision, uint64_t max_idle_ms,
                                             uint64_t names_generation) {
  const uint64_t now = async::EventLoop::current().now_ms();
  const auto at = by_authority_.find(authority);
  if (at == by_authority_.end()) return nullptr;
  IdleConnections* const idle = &at->second;
  for (;;) {
    if (idle->count == 0) return nullptr;
    auto& connection = static_cast<OriginConnection&>(*idle->connections.next());
    // The most recently used is first: if it has been idle for too long, so have the others.
    if (now - connection.idle_since_ms_ > max_idle_ms) return nullptr;
    if (connection.allowed_by != decision.id()) {
      if (!decision.check_address(connection.source, connection.peer.address, connection.peer.port))
        return nullptr;
      connection.allowed_by = decision.id();
    }
    auto taken = remove(connection);
    if (!taken->quiet() || taken->names_generation != names_generation) {
      drop(std::move(taken));
      continue;
    }
    taken->reused = true;
    return taken;
  }
}

void Pool::put(std::unique_ptr<OriginConnection> connection) {
  connection->input.release();
  // Asked before the connection rests: later bytes are seen by the loop, or by take().
  if (!connection->quiet() || config_.idle_total == 0 || config_.idle_per_origin == 0)
    return drop(std::move(connection));
  if (size_ >= config_.idle_total) drop_oldest();
  auto at = by_authority_.find(std::string_view(connection->authority));
  if (at == by_authority_.end()) {
    if (empty_ > kMostEmpty && empty_ > by_authority_.size() / 2) forget_empty();
    at = by_authority_.try_emplace(connection->authority).first;
    ++empty_;
  }
  IdleConnections& among = at->second;
  if (among.count >= config_.idle_per_origin) return drop(std::move(connection));
  auto& idle = *connection.release();
  const uint64_t now = async::EventLoop::current().now_ms();
  idle.idle_since_ms_ = now;
  idle.pool_ = this;
  idle.among_ = &among;
  idle.rest();
  idle.link_before(*among.connections.next());
  idle.age_.link_before(by_age_);
  if (among.count++ == 0) --empty_;
  ++size_;
  async::Readiness& state = idle.stream->readiness();
  state.on_readable = base::Callback<>::to<&OriginConnection::bytes_arrived>(idle);
  if (sweep_.due_ms() == async::Deadline::kNever) sweep_.set(now + config_.idle_timeout_ms);
  if (on_free_) on_free_(idle.authority);
}

void Pool::drop_one(std::string_view authority) {
  if (const auto at = by_authority_.find(authority);
      at != by_authority_.end() && at->second.count > 0)
    drop(remove(static_cast<OriginConnection&>(*at->second.connections.next())));
}

bool Pool::drop_oldest() {
  if (!by_age_.linked()) return false;
  drop(remove(static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection));
  return true;
}

void OriginConnection::bytes_arrived() {
  pool_->spoil(*this);
}

void Pool::spoil(OriginConnection& connection) {
  OriginConnection* spoiled = remove(connection).release();
  spoiled->age_.link_before(spoiled_);
  sweep_.set(async::EventLoop::current().now_ms());
}

void Pool::sweep() {
  while (spoiled_.linked()) {
    auto& age = static_cast<OriginConnection::AgeLink&>(*spoiled_.next());
    age.unlink();
    drop(std::unique_ptr<OriginConnection>(&age.connection));
  }
  const uint64_t now = async::EventLoop::current().now_ms();
  while (by_age_.linked()) {
    auto& oldest = static_cast<OriginConnection::AgeLink&>(*by_age_.next()).connection;
    if (oldest.idle_since_ms_ + config_.idle_timeout_ms > now) {
      sweep_.set(oldest.idle_since_ms_ + config_.idle_timeout_ms);
      return;
    }
    drop(remove(oldest));
  }
}

}  // namespace weir::origin
