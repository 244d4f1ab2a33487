#include "proxy/policy_review.h"

namespace weir::proxy {
namespace {
constexpr uint64_t kAskAgainMs = 2000;
}  // namespace

void PolicyReview::begin() {
  ask();
  if (asking_.size() == 0) asking_.spawn(keep_asking());
}

bool PolicyReview::connecting_from_before() const {
  for (const async::Link* at = live_.next(); at != &live_; at = at->next()) {
    const auto& exchange = static_cast<const http::Exchange&>(*at);
    // The first exchange from after the reload: all later ones are, too.
    if (exchange.pipeline.get() == pipeline_.get()) return false;
    if (exchange.peer.port == 0 && exchange.status == 0) return true;
  }
  return false;
}

/// An exchange that is still connecting at a reload connects by the old rules; it is checked once
/// it is connected.
async::Task<void> PolicyReview::keep_asking() {
  // This runs in the same turn as the last ask(): exchanges that ask() could not check yet are
  // still connecting here.
  while (connecting_from_before()) {
    async::Sleep nap(async::EventLoop::current().now_ms() + kAskAgainMs);
    co_await nap;
    ask();
  }
}

bool PolicyReview::denied(const http::Exchange& exchange) const {
  const http::Session& session = exchange.session();
  if (admission_.refuses(session)) return true;
  if (exchange.peer.port == 0) return false;
  const policy::ListenerRules& rules = *snapshot_->parts.rules[session.listener];
  return !policy::check_port(rules, exchange.peer.port) ||
         !policy::check(rules, exchange.host(), exchange.peer_source, exchange.peer.address,
                        exchange.peer.port);
}

void PolicyReview::ask() {
  for (async::Link* at = live_.next(); at != &live_; at = at->next()) {
    auto& exchange = static_cast<http::Exchange&>(*at);
    if (exchange.pipeline.get() == pipeline_.get()) return;
    if (denied(exchange)) exchange.cancel("policy_changed");
  }
}

}  // namespace weir::proxy
