#include "server/http1/connection.h"

#include <algorithm>
#include <cerrno>

#include "server/carry_tunnel.h"

namespace weir::server {

Connection::Connection(async::ByteStream& stream, std::unique_ptr<async::ByteStream> owned,
                       base::Ref<const http::Asker> asker, const SessionContext& context,
                       const base::Slice& first, base::Ref<http::PinnedConnection> pin,
                       WayBack* way_back)
    : LiveConnection(context.connections),
      owned_(std::move(owned)),
      context_(context),
      asker_(std::move(asker)),
      client_(stream, context.config) {
  stream.readiness().on_broken = &client_.interrupt;
  pins_.way_back = way_back;
  if (way_back) way_back->attach(client_);
  pins_.on_lost = base::Callback<>::to<&Connection::pin_lost>(*this);
  client_.input.put(first);
  if (pin) pins_.put(authority(), std::move(pin));
}

Connection::~Connection() {
  client_.stream.readiness().on_broken = nullptr;
}

std::string Connection::authority() const {
  const std::string_view host =
      (session().inner_host.empty() ? session().opened_host : session().inner_host).view();
  return http::authority_key(host, session().opened_port);
}

void Connection::pin_lost() {
  if (idle_) client_.stream.readiness().interrupt();
}

std::pair<Drip::Side, uint64_t> Connection::content() const {
  const async::Readiness& state = client_.stream.readiness();
  // Without an exchange there is no content. If a session runs inside this one's tunnel, the
  // content belongs to that session.
  if (!exchange_ || state.on_broken != &client_.interrupt) return {Drip::Side::none, 0};
  if (state.writer_waits()) {
    // Of what the kernel has taken, far less may have reached the client.
    const uint64_t unsent = client_.stream.unsent();
    return {Drip::Side::taking, exchange_->sent - std::min(exchange_->sent, unsent)};
  }
  const ContentState& content = client_.content;
  const bool asked_for = content.begun || !content.expects_continue || content.continue_sent;
  if (!state.reader_waits() || !content.expected || content.complete || !asked_for)
    return {Drip::Side::none, 0};
  return {content.length_known ? Drip::Side::sending : Drip::Side::live, exchange_->received};
}

void Connection::cut_dripping() {
  if (!client_.answered && client_.content.expected && client_.stream.readiness().reader_waits()) {
    client_.drips = true;
    client_.stream.readiness().expire_reader();
    return;
  }
  // abort() also drops what the kernel still holds for the client.
  client_.stream.abort();
  client_.interrupt.fire("lowest_rate");
}

void Connection::go_back() {
  if (!way_back() || client_.interrupt.fired()) return;
  if (!way_back()->taken()) {
    auto connection = pins_.take(authority());
    if (!connection) return;
    way_back()->take(std::move(connection));
  }
  client_.stream.readiness().take_interrupt_back();
  way_back()->finish(client_.input.take_all());
}

uint64_t Connection::request_deadline_ms() const {
  const ServerConfig& config = *client_.config;
  return waiting_since_ms_ + (served_any_ ? config.idle_timeout_ms : config.head_timeout_ms);
}

Connection::Came Connection::look_for_request(ssize_t ready) {
  // A connection that is to be closed, to make room or at a drain, may have sent a request that the
  // kernel already has. Read it, and serve it.
  if (ready == -ECANCELED && !pins_.lost()) {
    client_.stream.readiness().take_interrupt_back();
  } else if (ready < 0) {
    if (pins_.lost()) go_back();
    return Came::end;
  }
  // After a splice, or a read that exactly filled its block, a stream may only seem readable: then
  // the connection is still idle.
  const auto& block = client_.input.room(base::Block::kSmall);
  const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
  if (n == -EAGAIN && ready >= 0) return Came::nothing;
  if (n <= 0) return Came::end;
  async::EventLoop::current().spend(static_cast<size_t>(n));
  client_.input.filled(static_cast<size_t>(n));
  return Came::bytes;
}

async::Task<void> Connection::run(std::unique_ptr<Connection> self) {
  const auto kept = std::move(self);  // Destroyed when run() returns, not with the task.
  for (;;) {
    waiting_since_ms_ = async::EventLoop::current().now_ms();
    use_current_config();
    while (client_.input.empty()) {
      if (pins_.lost()) co_return go_back();
      client_.input.release();
      client_.stream.rest();
      rests(!served_any_, waiting_since_ms_);
      idle_ = true;
      const ssize_t ready = co_await client_.stream.until_readable(request_deadline_ms());
      idle_ = false;
      wakes();
      if (look_for_request(ready) == Came::end) co_return;
    }
    works();
    Outcome outcome = co_await exchange();
    served_any_ = true;
    if (outcome.tunnel) {
      // The request's coroutine frames are gone; the tunnel uses only what it owns. These are the
      // steps of carry_tunnel(), whose frame would cost an idle tunnel 170 bytes.
      base::Slice first = client_.input.take_all();
      client_.input.release();
      auto looked = co_await look_into_tunnel(std::move(outcome.tunnel), *outcome.exchange,
                                              client_.stream, first, client_.interrupt);
      if (!looked) outcome.exchange->set_error(looked.error());
      if (looked && *looked) {
        co_await RunTunnel(*std::move(looked), *outcome.exchange, client_.stream, std::move(first),
                           client_.interrupt);
      }
      co_return;
    }
    exchange_ = nullptr;
    outcome.exchange = nullptr;
    if (outcome.after == After::relay) co_return go_back();
    if (outcome.after == After::next && context_.connections.draining() && !more_is_there())
      outcome.after = After::linger;
    if (outcome.after == After::linger) co_await linger();
    if (outcome.after != After::next) co_return;
  }
}

bool Connection::more_is_there() {
  if (!client_.input.empty()) return true;
  const auto& block = client_.input.room(base::Block::kSmall);
  const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
  if (n > 0) client_.input.filled(static_cast<size_t>(n));
  return n > 0;
}

/// Lets a client that is still sending see its answer: closing with unread bytes would reset the
/// connection under it.
async::Task<void> Connection::linger() {
  auto& loop = async::EventLoop::current();
  client_.stream.readiness().on_broken = nullptr;
  client_.input.take_all();
  client_.stream.shut_down_writes();
  const uint64_t end_ms = loop.now_ms() + client_.config->linger_ms;
  uint64_t dropped = 0;
  // The loop checks the time itself: while there is always more to read, no deadline is checked.
  while (dropped < client_.config->linger_bytes && loop.now_ms() < end_ms) {
    client_.input.release();
    const uint64_t deadline_ms =
        std::min(end_ms, loop.now_ms() + client_.config->linger_silence_ms);
    const ssize_t ready = co_await client_.stream.until_readable(deadline_ms);
    if (ready < 0) co_return;
    const ssize_t n =
        co_await client_.stream.read(client_.input.room(base::Block::kSmall), 0, deadline_ms);
    if (n <= 0) co_return;
    dropped += static_cast<uint64_t>(n);
  }
}

}  // namespace weir::server
