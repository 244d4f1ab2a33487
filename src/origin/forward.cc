#include "origin/forward.h"

#include "http/way_back.h"
#include "origin/connect_tunnel.h"

namespace weir::origin {

using base::ErrorType;
using http::FieldId;

namespace {

/// The error for an origin's 407. A client would take the 407 for this proxy's own and send the
/// proxy's password again. Inside a tunnel a 407 passes: there the client talks to the site as it
/// would without a proxy.
base::Error foreign_login(std::string_view origin) {
  return base::Error(ErrorType::http_protocol_error,
                     std::string(origin) +
                         " asked for a login to a proxy (status 407), and is no proxy of yours. Do "
                         "not give it the proxy's password.");
}

/// How a request goes on when its connection died without an answer.
enum class Again : uint8_t {
  repeat,      // On a new connection.
  end_client,  // The client sees what it would see without a proxy, the end of its own kept
               // connection, and decides by its own rule whether to ask again. An error would be
               // final.
  fail,
};
Again again_after(const http::Request& request, const OriginExchange& origin, bool pinned,
                  bool reused, bool repeatable) {
  if (!reused || !origin.died_unanswered()) return Again::fail;
  if (pinned) return Again::end_client;
  if (repeatable) return origin.content_taken() ? Again::fail : Again::repeat;
  // RFC 9110, 9.2.2: Weir must not repeat this request.
  return request.pins && request.pins->served ? Again::end_client : Again::fail;
}

base::Result<void> check_aliases(const http::Request& request, const OriginConnection& connection) {
  if (!connection.aliases) return {};
  return request.decision->check_aliases(*connection.aliases, connection.peer.address,
                                         *request.head,
                                         request.upgrade == http::Upgrade::websocket);
}

}  // namespace

async::Task<base::Result<http::Response>> Forward::handle(http::Request& request,
                                                          http::Next) const {
  if (request.head->method == http::Method::connect) return open_tunnel(request);
  return forward(request);
}

std::unique_ptr<OriginExchange> Forward::begin(const http::Request& request, Lease&& lease) const {
  OriginConnection& connection = *lease;
  return connection.exchange(std::move(lease), {request.exchange, config_, expect_wait_ms_});
}

async::Task<base::Result<http::Response>> Forward::forward(http::Request& request) const {
  EditSpace space;
  const http::OutgoingHead head = head_for_origin(request, via_, space);
  const OriginKeyView key = acquire_.key_of(request);
  const bool repeatable = http::is_idempotent(request.head->method) && !request.body;
  const bool pinned = request.pins && request.pins->has(key.authority);
  Lease lease;
  if (pinned) {
    CO_TRY(lease, acquire_.pinned(request, key.authority));
  } else {
    // In the usual case a pooled connection is there, which needs no coroutine frame.
    const uint64_t max_idle_ms = repeatable ? UINT64_MAX : config_.retry_idle_ms;
    lease = acquire_.pooled(request, key, max_idle_ms);
    if (!lease) {
      CO_TRY(lease, co_await acquire_.wait(request, key, max_idle_ms));
    }
  }
  CO_CHECK(check_aliases(request, *lease));
  const bool reused = lease->reused;
  auto origin = begin(request, std::move(lease));
  const auto ask = [&] {
    return origin->ask({head, request.body, request.expects_continue, request.upgrade});
  };
  auto answered = co_await ask();
  if (!answered) {
    const Again again = again_after(request, *origin, pinned, reused, repeatable);
    if (again == Again::end_client) co_return std::unexpected(answered.error().without_answer());
    if (again == Again::fail) co_return std::unexpected(std::move(answered).error());
    // Rules may have changed since; the new connection takes over the slot of the one that died.
    request.decision = request.exchange->decision;
    CO_TRY(lease, co_await acquire_.connect_in(request, key, origin->lease().take_slot()));
    CO_CHECK(check_aliases(request, *lease));
    origin = begin(request, std::move(lease));
    answered = co_await ask();
    if (!answered) co_return std::unexpected(std::move(answered).error());
  }
  CO_CHECK(request.exchange->decision->check_response(**answered, *request.exchange));
  if ((*answered)->status == 407 && request.session().depth == 0)
    co_return std::unexpected(foreign_login(key.authority));

  http::Response response;
  response.head = *std::move(answered);
  CO_CHECK(edit_for_client(*response.head, via_, key.authority));
  // The client would go there without Weir once it is elsewhere, and before that in vain (RFC 7838,
  // 2.4).
  if (request.session().depth > 0 && key.scheme == http::Scheme::https)
    response.head->fields.remove(FieldId::alt_svc);
  const int status = response.head->status;
  if (status == 101) {
    OriginExchange& itself = *origin;
    response.tunnel = itself.tunnel(std::move(origin), tunnel_idle_ms_);
    co_return response;
  }
  note_login(request, *origin, *response.head, key.authority);
  // RFC 9110, 15.3.6: the content of a 205 is dropped, and its connection with it, without waiting
  // for the content's end.
  if (status == 205 && !origin->content_is_empty()) co_return response;
  if (!origin->has_content()) {
    // An upload that still runs ends here: nothing reads on to learn its result.
    origin->finish();
    co_return response;
  }
  OriginExchange& itself = *origin;
  Content content = itself.content(std::move(origin));
  if (content.later) content.now = co_await std::move(content.later);
  CO_TRY(auto body, std::move(content.now));
  if (status != 205) response.body = std::move(body);
  co_return response;
}

void Forward::note_login(const http::Request& request, OriginExchange& origin,
                         http::ResponseHead& head, std::string_view authority) {
  Lease& lease = origin.lease();
  const bool challenged = any_connection_scheme(head.fields, FieldId::www_authenticate);
  if (!lease.pins() &&
      (challenged || any_connection_scheme(request.head->fields, FieldId::authorization))) {
    // From here on the connection belongs to one client. If that client can't pin another one, the
    // connection is closed after this response, since no other client may use it.
    if (request.pins && !request.pins->full() && !lease->shared()) {
      lease.pin(*request.pins, authority);
    } else {
      origin.close_afterwards();
    }
  }
  if (challenged && head.status == 401)
    head.fields.add(FieldId::proxy_support, "Session-Based-Authentication");
  // What the client believes about a pinned connection ends with that connection, so this
  // response's head tells the client to close.
  http::Pins* const pins = lease.pins();
  if (!pins || origin.keeps_alive()) return;
  if (pins->way_back)
    pins->last_exchange();
  else
    pins->lose(authority);
}

base::Result<void> Forward::lead_to(const http::Request& request,
                                    const OriginConnection& connection) {
  http::Exchange& exchange = *request.exchange;
  exchange.peer = connection.peer;
  exchange.peer_source = connection.source;
  exchange.peer_aliases = connection.aliases;
  return check_aliases(request, connection);
}

async::Task<base::Result<http::Response>> Forward::open_tunnel(http::Request& request) const {
  base::Ref<OriginConnection> connection;
  // If requests inside are going to find a connection, the tunnel needs none of its own.
  if (Lease lease = acquire_.pooled_for_opening(request)) {
    CO_CHECK(lead_to(request, *lease));
    lease.done();
  } else {
    CO_TRY(connection, co_await acquire_.connect(place_of(request), *request.decision));
    CO_CHECK(lead_to(request, *connection));
  }
  http::Response response;
  response.head = http::ResponseHead::make(200);
  response.head->reason = "Connection established";
  response.tunnel =
      std::make_unique<ConnectTunnel>(request, acquire_, std::move(connection), tunnel_idle_ms_);
  co_return response;
}

}  // namespace weir::origin
