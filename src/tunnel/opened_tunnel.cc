#include "tunnel/opened_tunnel.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>

#include "codec/http1/request_start.h"
#include "server/http1/session.h"
#include "server/live_connections.h"

namespace weir::tunnel {

using base::ErrorType;

namespace {

/// Alerts that a client sends because of a certificate (RFC 8446, 6.2), and three that some send in
/// its place.
bool is_about_certificate(uint8_t alert) {
  constexpr uint8_t kAlerts[] = {40, 42, 43, 44, 45, 46, 47, 48, 49, 80};
  return std::ranges::find(kAlerts, alert) != std::end(kAlerts);
}

/// A tunnel in which nothing was asked for yet: where room is needed, it is closed like a
/// connection that has sent nothing since it came.
class Silent final : public server::LiveConnection {
 public:
  /// `stream` outlives it.
  Silent(server::LiveConnections& among, async::ByteStream& stream, uint64_t now_ms)
      : LiveConnection(among), stream_(stream) {
    rests(true, now_ms);
  }

 private:
  void close_resting() override { stream_.readiness().interrupt(); }
  std::pair<server::Drip::Side, uint64_t> content() const override {
    return {server::Drip::Side::none, 0};
  }
  void cut_dripping() override {}

  async::ByteStream& stream_;
};

/// Text lines of other protocols, such as IRC and SMTP, begin with a word too. A request line has a
/// version (RFC 9112, 3); where the line is not complete yet, it is taken for one.
bool is_request(std::string_view first) {
  if (http1::start_of(first) == http1::Start::other) return false;
  const size_t begin = first.find_first_not_of("\r\n");
  const size_t end = begin == first.npos ? first.npos : first.find('\n', begin);
  return end == first.npos || first.substr(begin, end - begin).contains(" HTTP/");
}

std::unexpected<base::Error> no_room() {
  return base::fail(
      ErrorType::connection_limit_reached,
      "Nothing was asked for yet in the opened tunnel: it was closed to make room, or "
      "because Weir ends.");
}

}  // namespace

std::string client_of(const http::Asker& asker) {
  if (!asker.identity.empty()) return std::string(asker.identity);
  return asker.session->client.address.text();
}

intercept::Party OpenedTunnel::party() const {
  const http::Session& session = *parts_.session;
  const auto& host = session.inner_host.empty() ? session.opened_host : session.inner_host;
  return {{}, host.view(), parts_.shape};
}

void OpenedTunnel::judge_end(int error, uint8_t alert, bool resumed, uint64_t shown_ms) {
  http::Exchange& exchange = *parts_.exchange;
  exchange.tls_alert = alert;
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const bool sure = is_about_certificate(alert);
  const bool ended = error == 0 || error == -ENODATA || error == -ECONNRESET || error == -EPIPE;
  // A session that is resumed shows no certificate.
  const bool likely = alert == 0 && ended && !resumed && now_ms - shown_ms <= kRejectionMs;
  if (!sure && !likely) return;
  exchange.tls = http::TlsInside::rejected;
  if (parts_.session->own) return;  // Weir's own pages are never relayed elsewhere.
  using Sureness = intercept::Learned::Sureness;
  intercept::Learned& learned = parts_.opener.learned();
  intercept::Party whose = party();
  const std::string client = client_of(*exchange.asker);
  whose.client = client;
  learned.rejected(whose, sure ? Sureness::sure : Sureness::likely, alert, now_ms);
  learned.tunnel_was(client, whose.host, exchange.tls, exchange.aside, now_ms);
}

bool OpenedTunnel::is_spare() {
  http::Exchange& exchange = *parts_.exchange;
  if (!exchange.user_agent().starts_with("Mozilla/")) return false;
  intercept::Party whose = party();
  const std::string client = client_of(*exchange.asker);
  whose.client = client;
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  if (!parts_.opener.learned().has_accepted(whose, now_ms)) return false;
  exchange.tls = http::TlsInside::opened;
  return true;
}

bool OpenedTunnel::accepted(std::string_view first) {
  http::Exchange& exchange = *parts_.exchange;
  exchange.tls = http::TlsInside::opened;
  const bool http = is_request(first);
  if (!http) exchange.aside = http::Aside::not_http;
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const std::string client = client_of(*exchange.asker);
  intercept::Learned& learned = parts_.opener.learned();
  intercept::Party whose = party();
  whose.client = client;
  learned.accepted(whose, now_ms);
  if (parts_.session->own) return http;
  learned.tunnel_was(client, whose.host, exchange.tls, exchange.aside, now_ms);
  if (!http) learned.speaks_otherwise(whose, now_ms);
  return http;
}

async::Task<base::Result<base::Slice>> OpenedTunnel::first_content(net::TlsStream& client) {
  auto& loop = async::EventLoop::current();
  const uint64_t shown_ms = loop.now_ms();
  const uint64_t deadline_ms =
      shown_ms + std::min(parts_.silence_timeout_ms, parts_.context.config->idle_timeout_ms);
  const bool resumed = client.resumed();
  for (;;) {
    ssize_t n = 0;
    {
      auto block = base::Block::make(base::Block::kTiny);
      n = client.try_read(block->data(), block->capacity());
      if (n > 0) co_return base::Slice(std::move(block), 0, static_cast<size_t>(n));
    }
    if (n == -EAGAIN) {
      // Browsers open connections that they may never need.
      client.rest();
      n = co_await client.until_readable(deadline_ms);
      if (n >= 0) continue;
    }
    if (n == -ETIMEDOUT) {
      co_return base::fail(ErrorType::connection_read_timeout,
                           "Nothing was asked for in the opened tunnel.");
    }
    if (n == -ECANCELED) co_return no_room();
    if (client.alert() != 0 || !is_spare())
      judge_end(static_cast<int>(n), client.alert(), resumed, shown_ms);
    co_return base::Slice();
  }
}

async::Task<base::Result<base::Slice>> OpenedTunnel::open(net::TlsStream& client) {
  const uint64_t begun_ms = async::EventLoop::current().now_ms();
  const Silent silent(parts_.context.connections, client, begun_ms);
  const net::Handshaken made = co_await client.handshake(begun_ms + kHandshakeMs);
  if (made.error == -ECANCELED) co_return no_room();
  if (made.error != 0) {
    judge_end(made.error, made.alert, false, begun_ms);
    if (parts_.exchange->tls == http::TlsInside::rejected || made.error != -EPROTO) {
      co_return base::fail(ErrorType::client_closed, "The client has ended the TLS handshake.");
    }
    co_return base::fail(ErrorType::tls_protocol_error,
                         "The client's TLS handshake has failed (" + made.fault + ").");
  }
  // What was asked about was read by Weir's own code: OpenSSL has to have read the same, also in a
  // second ClientHello (RFC 8446, 4.1.4).
  if (!client.names(parts_.server_name)) {
    co_return base::fail(ErrorType::tls_protocol_error,
                         "The server name has changed within the TLS handshake.");
  }
  CO_TRY(base::Slice first, co_await first_content(client));
  if (first.empty())
    co_return base::fail(ErrorType::client_closed, "The client has sent nothing in the tunnel.");
  if (!accepted(first.view())) {
    co_return base::fail(ErrorType::http_request_error,
                         "What is inside the opened tunnel is not HTTP. The next connection to "
                         "that host is not opened.");
  }
  co_return first;
}

async::Task<base::Result<void>> OpenedTunnel::run(async::ByteStream& client,
                                                  base::Slice client_bytes) {
  net::TlsStream opened(client, std::move(parts_.ssl), std::move(client_bytes));
  CO_TRY(base::Slice first, co_await open(opened));
  // Whoever opened the tunnel makes the requests inside.
  auto asker = base::make_ref<http::Asker>(parts_.session, parts_.exchange->asker->identity);
  co_await server::serve_session(opened, std::move(asker), parts_.context, std::move(first),
                                 nullptr);
  // The last answer may still wait for the client to take it.
  auto& loop = async::EventLoop::current();
  while (!opened.drained())
    if (co_await opened.until_writable(loop.now_ms() + kHandshakeMs) < 0) break;
  co_return {};
}

}  // namespace weir::tunnel
