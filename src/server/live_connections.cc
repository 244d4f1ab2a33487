#include "server/live_connections.h"

#include "async/event_loop.h"

namespace weir::server {

namespace {
/// A new client is not shed for this long: it is probably about to send its first request.
constexpr uint64_t kSilentMs = 1000;
}  // namespace

LiveConnection::LiveConnection(LiveConnections& among) : among_(among) {
  ++among_.count_;
}

LiveConnection::~LiveConnection() {
  --among_.count_;
}

void LiveConnection::rests(bool first, uint64_t now_ms) {
  unlink();
  link_before(first ? among_.silent_ : among_.idle_);
  rests_since_ms_ = now_ms;
}

void LiveConnection::works() {
  if (!linked()) link_before(among_.busy_);
}

bool LiveConnections::shed_one() {
  const bool silent = !idle_.linked();
  if (silent && !silent_.linked()) return false;
  auto& connection = static_cast<LiveConnection&>(silent ? *silent_.next() : *idle_.next());
  if (silent && async::EventLoop::current().now_ms() < connection.rests_since_ms_ + kSilentMs)
    return false;
  connection.unlink();
  connection.close_resting();
  return true;
}

bool LiveConnections::cut_one_drip(uint64_t lowest_rate, uint64_t now_ms) {
  LiveConnection* slowest = nullptr;
  async::Link seen;
  for (int i = 0; i < kLooksAtOnce && busy_.linked(); ++i) {
    auto& connection = static_cast<LiveConnection&>(*busy_.next());
    connection.unlink();
    connection.link_before(seen);
    const auto [side, bytes] = connection.content();
    connection.drip_.look(side, bytes, now_ms, lowest_rate);
    if (connection.drip_.found() && (!slowest || connection.drip_.rate() < slowest->drip_.rate()))
      slowest = &connection;
  }
  busy_.take_all(seen);
  if (!slowest) return false;
  ++drips_cut_;
  slowest->drip_ = Drip();
  slowest->cut_dripping();
  return true;
}

void LiveConnections::drain() {
  draining_ = true;
  for (async::Link* list : {&idle_, &silent_}) {
    while (list->linked()) {
      auto& connection = static_cast<LiveConnection&>(*list->next());
      connection.unlink();
      connection.close_resting();
    }
  }
}

}  // namespace weir::server
