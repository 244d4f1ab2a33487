#include "origin/acquire.h"

#include "base/event_log.h"
#include "http/target_parse.h"
#include "http/way_back.h"
#include "origin/connect/connector_error.h"
#include "origin/http1/http1_connection.h"

namespace weir::origin {

using base::ErrorType;

namespace {
/// Queue key for requests that wait for any free descriptor.
constexpr std::string_view kAnyOrigin = "";
}  // namespace

base::Ref<OriginConnection> make_http1(Opened opened) {
  return base::make_ref<Http1Connection>(std::move(opened.stream), std::move(opened.key),
                                         opened.peer, opened.source);
}

OriginKeyView Acquire::key_of(http::RequestHead& head) const {
  const http::Target& target = head.target;
  // The target's authority leaves a default port out.
  const std::string_view authority = target.port != http::default_port_of(target.scheme)
                                         ? target.authority
                                         : head.copy(http::authority_key(target.host, target.port));
  OriginKeyView key{
      .scheme = target.scheme, .authority = authority, .next_hop = {}, .server_name = {}};
  if (target.scheme == http::Scheme::https && context_.tls) {
    key.server_name = target.host;
    key.verification = context_.tls->verification();
  }
  return key;
}

base::Result<Lease> Acquire::pinned(const http::Request& request,
                                    std::string_view authority) const {
  http::Pins& pins = *request.pins;
  base::Ref<http::PinnedConnection> pin = pins.take(authority);
  auto* const connection = static_cast<OriginConnection*>(pin.get());
  if (connection && pins.way_back && !connection->quiet()) {
    pins.way_back->take(std::move(pin));
    return std::unexpected(
        base::Error(ErrorType::client_closed, "The origin speaks unasked; the tunnel relays it.")
            .without_answer());
  }
  if (!connection || !connection->quiet()) {
    pins.lose(authority);
    const base::Error lost(
        ErrorType::connection_terminated,
        std::string(authority) + " closed the connection that belongs to this client.");
    // If it has carried requests before, the client sees what it would see without a proxy: the end
    // of its own connection.
    return std::unexpected(connection && connection->reused ? lost.without_answer() : lost);
  }
  if (auto allowed = request.decision->check_address(connection->source, connection->peer.address,
                                                     connection->peer.port);
      !allowed) {
    pins.lose(authority);
    return std::unexpected(std::move(allowed).error());
  }
  if (connection->aliases) {
    if (auto allowed = request.decision->check_aliases(*connection->aliases); !allowed) {
      pins.lose(authority);
      return std::unexpected(std::move(allowed).error());
    }
  }
  Lease lease = context_.pool.lease(base::Ref<OriginConnection>(connection));
  lease.pin(pins, authority);
  return lease;
}

Lease Acquire::pooled(const http::Request& request, const OriginKeyView& key,
                      uint64_t max_idle_ms) const {
  // Those who wait for a connection to this origin go first.
  if (context_.queue && context_.queue->anyone_for(key.authority)) return {};
  return context_.pool.take(key, *request.decision, max_idle_ms,
                            context_.connector.names_generation());
}

async::Task<base::Result<Connected>> Acquire::open(const http::Request& request) const {
  const http::Target& target = request.head->target;
  const uint64_t deadline_ms =
      async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
  base::Result<Connected> connected;
  bool waited = false, late = false;
  for (;;) {
    if (waited || !context_.queue || !context_.queue->anyone_for(kAnyOrigin)) {
      connected = co_await context_.connector.connect(target.host, target.literal, target.port,
                                                      *request.decision, context_.config);
      if (connected || connected.error().rule() != kOpenFiles || !context_.queue || late) break;
      if (context_.make_room && context_.make_room()) continue;
    }
    late = context_.queue->full();
    if (!late) late = !co_await context_.queue->wait(kAnyOrigin, deadline_ms);
    waited = true;
  }
  if (waited && connected) context_.queue->wake_one(kAnyOrigin);  // Another may be free, too.
  if (connected && base::debug_enabled) {
    base::log_event(std::string("connected to ").append(target.host) + ":" +
                    std::to_string(target.port) + " at " + connected->peer.text());
  }
  co_return connected;
}

async::Task<base::Result<Connected>> Acquire::open_secured(const http::Request& request,
                                                           OriginKeyView key) const {
  if (!context_.tls)
    co_return base::fail(ErrorType::proxy_internal_error, "Nothing here can speak TLS.");
  const http::Target& target = request.head->target;
  const TlsOrigin origin{target.host, target.literal, key.authority,
                         request.session().client.address};
  for (bool again = false;; again = true) {
    const uint64_t deadline_ms =
        async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
    CO_TRY(Connected connected, co_await open(request));
    auto secured = co_await context_.tls->secure(std::move(connected.stream), origin, deadline_ms);
    if (secured) {
      connected.stream = *std::move(secured);
      co_return connected;
    }
    if (again || !secured.error().of_session)
      co_return std::unexpected(std::move(secured).error().error);
  }
}

async::Task<base::Result<base::Ref<OriginConnection>>> Acquire::connect(
    const http::Request& request, OriginKeyView key) const {
  auto opened = key.scheme == http::Scheme::https ? open_secured(request, key) : open(request);
  CO_TRY(Connected connected, co_await std::move(opened));
  auto connection = context_.make_connection(
      {std::move(connected.stream), keep(key), connected.peer, connected.source});
  connection->aliases = std::move(connected.aliases);
  connection->names_generation = context_.connector.names_generation();
  co_return connection;
}

async::Task<base::Result<Lease>> Acquire::connect_in(const http::Request& request,
                                                     OriginKeyView key,
                                                     OriginSlots::Slot slot) const {
  CO_TRY(auto connection, co_await connect(request, key));
  connection->slot = std::move(slot);
  co_return context_.pool.lease(std::move(connection));
}

async::Task<base::Result<Lease>> Acquire::wait(const http::Request& request, OriginKeyView key,
                                               uint64_t max_idle_ms) const {
  if (!context_.slots) co_return co_await connect_in(request, key, OriginSlots::Slot());
  const std::string authority(key.authority);
  OriginQueue& queue = *context_.queue;
  const uint64_t deadline_ms =
      async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
  for (bool waited = false;; waited = true) {
    if (waited || !queue.anyone_for(authority)) {
      Lease pooled;
      if (waited) {
        pooled = context_.pool.take(key, *request.decision, max_idle_ms,
                                    context_.connector.names_generation());
      }
      if (pooled) co_return pooled;
      if (auto slot = context_.slots->take(authority)) {
        queue.wake_one(authority);  // Another may be free, too.
        co_return co_await connect_in(request, key, std::move(slot));
      }
    }
    if (context_.ask_others && (waited || !queue.anyone_for(authority)))
      context_.ask_others(authority);
    bool turn = false;
    if (!queue.full()) turn = co_await queue.wait(authority, deadline_ms);
    if (!turn) {
      co_return base::fail(ErrorType::connection_limit_reached,
                           "There are as many connections to " + authority +
                               " as there may be, and none became free in time.",
                           "limits.connections_per_origin");
    }
  }
}

}  // namespace weir::origin
