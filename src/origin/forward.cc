#include "origin/forward.h"

#include <charconv>

#include "base/event_log.h"
#include "base/text.h"
#include "codec/http1/serialize.h"
#include "http/hop_by_hop.h"
#include "http/target_parse.h"
#include "origin/connect/connector_error.h"
#include "origin/http1/origin_body.h"
#include "origin/http1/origin_exchange.h"

namespace weir::origin {

using base::ErrorType;
using http::FieldId;

namespace {

/// Whether this is a scheme that authenticates a connection instead of a request (RFC 4559; RFC
/// 9110, 11.6.1 warns of them).
bool names_connection_scheme(std::string_view value) {
  const std::string_view scheme = value.substr(0, value.find_first_of(" \t,"));
  return base::equal_ignoring_case(scheme, "NTLM") ||
         base::equal_ignoring_case(scheme, "Negotiate");
}

bool any_connection_scheme(const http::Fields& fields, FieldId id) {
  if (!fields.may_have(id)) return false;
  for (const http::Field& field : fields.all()) {
    if (field.id != id) continue;
    if (names_connection_scheme(field.value())) return true;
    // Several challenges may share a line.
    if (id == FieldId::www_authenticate) {
      std::string_view rest = field.value();
      for (size_t comma; (comma = rest.find(',')) != std::string_view::npos;) {
        rest = base::trim(rest.substr(comma + 1));
        if (names_connection_scheme(rest)) return true;
      }
    }
  }
  return false;
}

/// Queue key for requests that wait for any free descriptor.
constexpr std::string_view kAnyOrigin = "";

/// Host and port (http::authority_key): the target's authority, to which a default port is added.
/// Valid as long as the head lives.
std::string_view key_of(http::RequestHead& head) {
  const http::Target& target = head.target;
  if (target.port != http::default_port_of(target.scheme)) return target.authority;
  return head.copy(http::authority_key(target.host, target.port));
}

/// True if there is no content, or content that is empty and has ended already.
bool is_empty(const Answered& answered, const OriginConnection& connection) {
  switch (answered.framing.kind) {
    case http1::Framing::Kind::none: return true;
    case http1::Framing::Kind::length: return answered.framing.length == 0;
    case http1::Framing::Kind::chunked: return connection.input.view() == http1::kLastChunk;
    case http1::Framing::Kind::until_close: return false;
  }
  return false;
}

/// The error for an origin's 407. A client would take the 407 for this proxy's own and send the
/// proxy's password again. Inside a tunnel a 407 passes: there the client talks to the site as it
/// would without a proxy.
base::Error foreign_login(std::string_view origin) {
  return base::Error(ErrorType::http_protocol_error,
                     std::string(origin) +
                         " asked for a login to a proxy (status 407), and is no proxy of yours. Do "
                         "not give it the proxy's password.");
}

}  // namespace

async::Task<base::Result<http::Response>> Forward::handle(http::Request request, http::Next) const {
  if (request.head->method == http::Method::connect) return open_tunnel(std::move(request));
  return forward(std::move(request));
}

void Forward::add_via(http::Fields& fields, uint8_t minor_version) const {
  fields.add_in_place(name_of(FieldId::via), via_[minor_version == 0 ? 0 : 1], FieldId::via);
}

/// Edits the head into the form that the origin gets.
void Forward::prepare(http::Request& request) const {
  http::Fields& fields = request.head->fields;
  fields.remove(FieldId::proxy_authorization);
  fields.remove(FieldId::transfer_encoding);
  fields.set_first(FieldId::host, request.head->target.written_authority);
  if (request.body && !request.body->known_length()) {
    fields.add_in_place(name_of(FieldId::transfer_encoding), "chunked", FieldId::transfer_encoding);
  }
  if (fields.has(FieldId::content_length)) {
    // The value as we parsed it, in canonical digits.
    char digits[24];
    const auto length = request.body ? request.body->known_length() : std::optional<uint64_t>(0);
    if (length) {
      const auto end = std::to_chars(digits, digits + sizeof digits, *length).ptr;
      fields.set(FieldId::content_length, {digits, static_cast<size_t>(end - digits)});
    } else {
      fields.remove(FieldId::content_length);
    }
  }
  add_via(fields, request.head->minor_version);
  if (request.upgrade == http::Upgrade::websocket) {
    fields.add_in_place(name_of(FieldId::connection), "Upgrade", FieldId::connection);
    fields.add_in_place(name_of(FieldId::upgrade), "websocket", FieldId::upgrade);
  } else if (request.te_trailers) {
    // RFC 9110, 10.1.4. Not together with an upgrade: some servers recognise `Connection: Upgrade`
    // only as the whole value.
    fields.add_in_place(name_of(FieldId::te), "trailers", FieldId::te);
    fields.add_in_place(name_of(FieldId::connection), "TE", FieldId::connection);
  }
  // The connection belongs to this client alone, and each end of the tunnel sees when the other
  // ends. So the client's wish to close is passed on.
  if (request.pins && request.pins->way_back && request.pins->client_closes &&
      request.upgrade == http::Upgrade::none) {
    fields.add_in_place(name_of(FieldId::connection), "close", FieldId::connection);
  }
}

async::Task<base::Result<std::unique_ptr<OriginConnection>>> Forward::connect(
    const http::Request& request) const {
  const http::Target& target = request.head->target;
  const uint64_t deadline_ms =
      async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
  base::Result<Connected> connected;
  bool waited = false, late = false;
  for (;;) {
    if (waited || !context_.queue || !context_.queue->anyone_for(kAnyOrigin)) {
      connected = co_await context_.connector.connect(target.host, target.literal, target.port,
                                                      *request.decision);
      if (connected || connected.error().rule() != kOpenFiles || !context_.queue || late) break;
      if (context_.make_room && context_.make_room()) continue;
    }
    late = context_.queue->full();
    if (!late) late = !co_await context_.queue->wait(kAnyOrigin, deadline_ms);
    waited = true;
  }
  if (waited && connected) context_.queue->wake_one(kAnyOrigin);  // Another may be free, too.
  if (!connected) co_return std::unexpected(std::move(connected).error());
  if (base::debug_enabled) {
    base::log_event(std::string("connected to ").append(target.host) + ":" +
                    std::to_string(target.port) + " at " + connected->peer.text());
  }
  auto connection = std::make_unique<OriginConnection>(std::move(connected->stream),
                                                       std::string(key_of(*request.head)),
                                                       connected->peer, connected->source);
  connection->names_generation = context_.connector.names_generation();
  co_return connection;
}

async::Task<base::Result<std::unique_ptr<OriginConnection>>> Forward::connect_in(
    const http::Request& request, OriginSlots::Slot slot) const {
  CO_TRY(auto connection, co_await connect(request));
  connection->slot = std::move(slot);
  co_return connection;
}

async::Task<base::Result<std::unique_ptr<OriginConnection>>> Forward::acquire(
    const http::Request& request, std::string_view key, uint64_t max_idle_ms) const {
  if (!context_.slots) co_return co_await connect(request);
  const std::string authority(key);
  const uint64_t deadline_ms =
      async::EventLoop::current().now_ms() + context_.config.connect_timeout_ms;
  for (bool waited = false;; waited = true) {
    if (waited || !context_.queue->anyone_for(authority)) {
      auto pooled = waited ? context_.pool.take(authority, *request.decision, max_idle_ms,
                                                context_.connector.names_generation())
                           : nullptr;
      if (pooled) co_return pooled;
      if (auto slot = context_.slots->take(authority)) {
        context_.queue->wake_one(authority);  // Another may be free, too.
        co_return co_await connect_in(request, std::move(slot));
      }
    }
    if (context_.ask_others && (waited || !context_.queue->anyone_for(authority)))
      context_.ask_others(authority);
    bool turn = false;
    if (!context_.queue->full()) turn = co_await context_.queue->wait(authority, deadline_ms);
    if (!turn) {
      co_return base::fail(ErrorType::connection_limit_reached,
                           "There are as many connections to " + authority +
                               " as there may be, and none became free in time.",
                           "limits.connections_per_origin");
    }
  }
}

async::Task<base::Result<http::Response>> Forward::forward(http::Request request) const {
  prepare(request);
  const http::RequestHead& head = *request.head;
  const std::string_view key = key_of(*request.head);
  const bool repeatable = http::is_idempotent(head.method) && !request.body;
  auto origin = std::make_unique<OriginExchange>(request.exchange, context_.pool, context_.config,
                                                 context_.expect_wait_ms);
  base::Result<Answered> answered;
  if (request.pins && request.pins->has(key)) {
    auto pinned = request.pins->take(key);
    auto* connection = static_cast<OriginConnection*>(pinned.get());
    // Another connection can't replace this one: a login belongs to it, or the client opened it by
    // CONNECT. If it has carried requests before, the client should see what it would see without a
    // proxy: the end of its own connection.
    const bool served = connection && connection->reused;
    if (connection && request.pins->way_back && !connection->quiet()) {
      request.pins->way_back->take(std::move(pinned));
      co_return std::unexpected(
          base::Error(ErrorType::client_closed, "The origin speaks unasked; the tunnel relays it.")
              .without_answer());
    }
    if (!connection || !connection->quiet()) {
      request.pins->lose(key);
      const base::Error lost(
          ErrorType::connection_terminated,
          std::string(key) + " closed the connection that belongs to this client.");
      co_return std::unexpected(served ? lost.without_answer() : lost);
    }
    if (auto allowed = request.decision->check_address(connection->source, connection->peer.address,
                                                       connection->peer.port);
        !allowed) {
      request.pins->lose(key);
      co_return std::unexpected(std::move(allowed).error());
    }
    origin->pinned_to = request.pins;
    origin->pin_key = key;
    pinned.release();
    answered = co_await origin->ask(std::unique_ptr<OriginConnection>(connection), head,
                                    request.body, request.expects_continue, request.upgrade);
    if (!answered && served && origin->died_unanswered())
      co_return std::unexpected(answered.error().without_answer());
  } else {
    // In the usual case a pooled connection is there, which needs no coroutine frame.
    const uint64_t max_idle_ms = repeatable ? UINT64_MAX : context_.config.retry_idle_ms;
    std::unique_ptr<OriginConnection> connection;
    if (!context_.queue || !context_.queue->anyone_for(key)) {
      connection = context_.pool.take(key, *request.decision, max_idle_ms,
                                      context_.connector.names_generation());
    }
    if (!connection) {
      CO_TRY(connection, co_await acquire(request, key, max_idle_ms));
    }
    const bool reused = connection->reused;
    answered = co_await origin->ask(std::move(connection), head, request.body,
                                    request.expects_continue, request.upgrade);
    if (!answered && reused && repeatable && origin->may_retry()) {
      // The new connection takes over the slot of the one that died.
      CO_TRY(connection, co_await connect_in(request, origin->take_slot()));
      answered = co_await origin->ask(std::move(connection), head, request.body,
                                      request.expects_continue, request.upgrade);
    } else if (!answered && reused && !repeatable && origin->died_unanswered() && request.pins &&
               request.pins->served) {
      // RFC 9110, 9.2.2: Weir must not repeat this request. The client sees what it would see
      // without a proxy, the end of its own kept connection, and decides by its own rule whether to
      // ask again. A 502 would be final.
      co_return std::unexpected(answered.error().without_answer());
    }
  }
  if (!answered) co_return std::unexpected(std::move(answered).error());
  if (answered->head->status == 407 && request.session().depth == 0)
    co_return std::unexpected(foreign_login(key));

  http::Response response;
  response.head = std::move(answered->head);
  http::Fields& fields = response.head->fields;
  const http::HopByHop hop = http::remove_hop_by_hop(fields);
  if (hop.excessive)
    co_return base::fail(ErrorType::http_protocol_error,
                         std::string(key) + " named too many fields in Connection.");
  add_via(fields, response.head->minor_version);
  // A proxy that forwards a response without Date adds one (RFC 9110, section 6.6.1).
  if (!fields.has(FieldId::date)) fields.add(FieldId::date, http::date_now());

  if (response.head->status == 101) {
    if (!hop.websocket)
      co_return base::fail(ErrorType::http_upgrade_failed,
                           std::string(key) + " changed to a protocol that was not asked for.");
    fields.add_in_place(name_of(FieldId::connection), "Upgrade", FieldId::connection);
    fields.add_in_place(name_of(FieldId::upgrade), "websocket", FieldId::upgrade);
    auto connection = origin->take_connection();
    connection->slot.release();
    response.tunnel = std::make_unique<OriginTunnel>(request.exchange, std::move(connection),
                                                     context_.tunnel_idle_ms);
    co_return response;
  }
  const bool challenged = any_connection_scheme(fields, FieldId::www_authenticate);
  if (!origin->pinned_to &&
      (challenged || any_connection_scheme(head.fields, FieldId::authorization))) {
    // From here on the connection belongs to one client. If that client can't pin another one, the
    // connection is closed after this response, since no other client may use it.
    if (request.pins && !request.pins->full()) {
      origin->pinned_to = request.pins;
      origin->pin_key = key;
    } else {
      origin->keep_alive = false;
    }
  }
  if (challenged && response.head->status == 401)
    fields.add("Proxy-Support", "Session-Based-Authentication");
  // What the client believes about a pinned connection ends with that connection, so this
  // response's head tells the client to close.
  if (origin->pinned_to && !origin->keep_alive) {
    if (origin->pinned_to->way_back)
      origin->pinned_to->last_exchange();
    else
      origin->pinned_to->lose(key);
  }
  // RFC 9110, 15.3.6: the content of a 205 is dropped, and its connection with it, without waiting
  // for the content's end.
  if (response.head->status == 205 && !is_empty(*answered, origin->connection()))
    co_return response;
  if (answered->framing.kind == http1::Framing::Kind::none) {
    // An upload that still runs ends here: nothing reads on to learn its result.
    origin->finish();
    co_return response;
  }
  // Only chunked content can turn out to be malformed.
  const bool in_tunnel =
      origin->way_back() && answered->framing.kind == http1::Framing::Kind::chunked;
  if (!in_tunnel) origin->forget_head();
  auto body = std::make_unique<OriginBody>(std::move(origin), answered->framing);
  if (in_tunnel) {
    CO_CHECK(co_await body->look_ahead_in_tunnel());
  } else {
    CO_CHECK(body->look_ahead());
  }
  if (response.head->status != 205) response.body = std::move(body);
  co_return response;
}

async::Task<base::Result<http::Response>> Forward::open_tunnel(http::Request request) const {
  CO_TRY(auto connection, co_await connect(request));
  request.exchange->peer = connection->peer;
  request.exchange->peer_source = connection->source;
  http::Response response;
  response.head = http::ResponseHead::make(200);
  response.head->reason = "Connection established";
  response.tunnel = std::make_unique<OriginTunnel>(request.exchange, std::move(connection),
                                                   context_.tunnel_idle_ms);
  co_return response;
}

}  // namespace weir::origin
