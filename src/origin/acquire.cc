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

Place place_of(const http::Request& request) {
  const http::Target& target = request.head->target;
  const http::Session& session = request.session();
  if (target.scheme == http::Scheme::https && session.depth > 0)
    return {session.opened_host.view(), session.opened_literal, session.opened_port};
  return {target.host, target.literal, target.port};
}

OriginKeyView Acquire::key_of(const http::Request& request) const {
  http::RequestHead& head = *request.head;
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
    const Place place = place_of(request);
    if (place.host != target.host)
      key.next_hop = head.copy(http::authority_key(place.host, place.port));
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

Lease Acquire::pooled_for_opening(const http::Request& request) const {
  const http::Target& target = request.head->target;
  if (!context_.tls || !request.decision->opening({}, false).open) return {};
  const std::string_view authority =
      request.head->copy(http::authority_key(target.host, target.port));
  return pooled(request,
                {.scheme = http::Scheme::https,
                 .authority = authority,
                 .next_hop = {},
                 .server_name = target.host,
                 .verification = context_.tls->verification()},
                UINT64_MAX);
}

async::Task<base::Result<Connected>> Acquire::open(Place place,
                                                   const http::Decision& decision) const {
  const uint64_t deadline_ms =
      async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
  base::Result<Connected> connected;
  bool waited = false, late = false;
  for (;;) {
    if (waited || !context_.queue || !context_.queue->anyone_for(kAnyOrigin)) {
      connected = co_await context_.connector.connect(place.host, place.literal, place.port,
                                                      decision, context_.config);
      if (connected || connected.error().rule() != kOpenFiles || !context_.queue || late) break;
      if (context_.make_room && context_.make_room()) continue;
    }
    late = context_.queue->full();
    if (!late) late = !co_await context_.queue->wait(kAnyOrigin, deadline_ms);
    waited = true;
  }
  if (waited && connected) context_.queue->wake_one(kAnyOrigin);  // Another may be free, too.
  if (connected && base::debug_enabled) {
    base::log_event(std::string("connected to ").append(place.host) + ":" +
                    std::to_string(place.port) + " at " + connected->peer.text());
  }
  co_return connected;
}

async::Task<base::Result<Connected>> Acquire::open_secured(Place place,
                                                           const http::Decision& decision,
                                                           TlsOrigin origin, Connected first,
                                                           http::Secured* found) const {
  for (bool again = false;; again = true) {
    const uint64_t deadline_ms =
        async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
    if (!first.stream) {
      CO_TRY(first, co_await open(place, decision));
    }
    if (!context_.tls)
      co_return base::fail(ErrorType::proxy_internal_error, "Nothing here can speak TLS.");
    auto secured =
        co_await context_.tls->secure(std::move(first.stream), origin, deadline_ms, found);
    if (secured) {
      first.stream = *std::move(secured);
      co_return first;
    }
    if (again || !secured.error().of_session)
      co_return std::unexpected(std::move(secured).error().error);
  }
}

base::Ref<OriginConnection> Acquire::make(Connected connected, OriginKeyView key) const {
  auto connection = context_.make_connection(
      {std::move(connected.stream), keep(key), connected.peer, connected.source});
  connection->aliases = std::move(connected.aliases);
  connection->names_generation = context_.connector.names_generation();
  return connection;
}

async::Task<base::Result<base::Ref<OriginConnection>>> Acquire::connect(
    Place place, const http::Decision& decision) const {
  CO_TRY(Connected connected, co_await open(place, decision));
  const std::string authority = http::authority_key(place.host, place.port);
  co_return make(
      std::move(connected),
      {.scheme = http::Scheme::none, .authority = authority, .next_hop = {}, .server_name = {}});
}

async::Task<http::Secured> Acquire::secure_for_pool(base::Ref<OriginConnection> connection,
                                                    Place place, std::string_view server_name,
                                                    base::IpAddress client,
                                                    const http::Decision& decision) const {
  const bool by_place = server_name.empty() || server_name == place.host;
  const std::string_view host = by_place ? place.host : server_name;
  const std::string authority = http::authority_key(host, place.port);
  const TlsOrigin origin{host, by_place && place.literal, authority, client, true};
  http::Secured found;
  Connected first{std::move(connection->stream), connection->peer, connection->source,
                  connection->aliases};
  auto secured = co_await open_secured(place, decision, origin, std::move(first), &found);
  if (!secured) {
    if (found.how == http::Secured::How::done) found.how = http::Secured::How::failed;
    found.error = std::move(secured).error();
    co_return found;
  }
  const std::string next_hop =
      by_place ? std::string() : http::authority_key(place.host, place.port);
  auto made = make(*std::move(secured), {.scheme = http::Scheme::https,
                                         .authority = authority,
                                         .next_hop = next_hop,
                                         .server_name = host,
                                         .verification = context_.tls->verification()});
  made->names_generation = connection->names_generation;
  if (context_.slots) made->slot = context_.slots->take(authority);
  // Where the limit of connections is reached, the requests inside wait like any others.
  if (!context_.slots || made->slot) context_.pool.lease(std::move(made)).done();
  co_return found;
}

async::Task<base::Result<Lease>> Acquire::connect_in(const http::Request& request,
                                                     OriginKeyView key,
                                                     OriginSlots::Slot slot) const {
  const http::Target& target = request.head->target;
  const Place place = place_of(request);
  auto opened = key.scheme == http::Scheme::https
                    ? open_secured(place, *request.decision,
                                   {target.host, target.literal, key.authority,
                                    request.session().client.address})
                    : open(place, *request.decision);
  CO_TRY(Connected connected, co_await std::move(opened));
  auto connection = make(std::move(connected), key);
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
