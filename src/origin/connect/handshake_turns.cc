#include "origin/connect/handshake_turns.h"

#include <utility>

namespace weir::origin {
namespace {

base::IpAddress key(const base::IpAddress& address) {
  return address.is_v4() ? address : base::Cidr(address, 64).address();
}

}  // namespace

HandshakeTurns::Turn::Turn(Turn&& other) noexcept
    : turns_(std::exchange(other.turns_, nullptr)),
      client_(other.client_),
      refused_by_(other.refused_by_) {}

HandshakeTurns::Turn::~Turn() {
  if (turns_ && refused_by_ == Limit::none) turns_->end(*client_);
}

HandshakeTurns::Waiting::Waiting(HandshakeTurns& turns, const base::IpAddress& client,
                                 uint64_t deadline_ms)
    : turns_(turns),
      client_(&*turns.clients_.try_emplace(key(client)).first),
      deadline_ms_(deadline_ms) {
  // Keeps the entry while this is there.
  ++client_->second.waiting;
}

HandshakeTurns::Waiting::~Waiting() {
  unlink();
  if (waits_) --turns_.waiting_;
  --client_->second.waiting;
  if (has_turn_)
    turns_.end(*client_);
  else
    turns_.drop_if_idle(*client_);
}

bool HandshakeTurns::Waiting::await_ready() {
  Client& client = client_->second;
  if (turns_.limit_for(client) == Limit::none) {
    turns_.begin(client);
    has_turn_ = true;
    return true;
  }
  return client.waiting > kMostWaitingEach || turns_.waiting_ == kMostWaiting;
}

void HandshakeTurns::Waiting::await_suspend(std::coroutine_handle<> handle) {
  waiting = handle;
  waits_ = true;
  ++turns_.waiting_;
  link_before(turns_.queue_);
  deadline_.set(deadline_ms_);
}

HandshakeTurns::Turn HandshakeTurns::Waiting::await_resume() {
  if (std::exchange(has_turn_, false)) return Turn(&turns_, client_, Limit::none);
  const Limit limit = turns_.limit_for(client_->second);
  return Turn(nullptr, nullptr, limit == Limit::none ? Limit::of_all : limit);
}

void HandshakeTurns::Waiting::give_up() {
  if (!has_turn_) async::EventLoop::current().make_ready(*this);
}

void HandshakeTurns::configure(uint32_t most, uint32_t most_each) {
  most_ = most;
  most_each_ = most_each;
  wake();
}

HandshakeTurns::Limit HandshakeTurns::limit_for(const Client& client) const {
  if (client.running >= most_each_) return Limit::of_client;
  return running_ >= most_ ? Limit::of_all : Limit::none;
}

void HandshakeTurns::begin(Client& client) {
  ++client.running;
  ++running_;
}

void HandshakeTurns::end(Clients::value_type& client) {
  --client.second.running;
  --running_;
  drop_if_idle(client);
  wake();
}

void HandshakeTurns::drop_if_idle(const Clients::value_type& client) {
  if (client.second.running > 0 || client.second.waiting > 0) return;
  const base::IpAddress address = client.first;
  clients_.erase(address);
}

void HandshakeTurns::wake() {
  async::Link* next = nullptr;
  for (async::Link* link = queue_.next(); link != &queue_ && running_ < most_; link = next) {
    next = link->next();
    auto& first = static_cast<Waiting&>(*link);
    Client& client = first.client_->second;
    if (limit_for(client) != Limit::none) continue;
    begin(client);
    first.has_turn_ = true;
    async::EventLoop::current().make_ready(first);
  }
}

}  // namespace weir::origin
