#include "origin/connect/origin_tls.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace weir::origin {

using base::Error;
using base::ErrorType;

namespace {

struct LoadRoots final : async::Work {
  explicit LoadRoots(std::shared_ptr<net::TrustStore> trust) : trust(std::move(trust)) {}
  void run() override { trust->load(); }
  const std::shared_ptr<net::TrustStore> trust;
};

Error no_memory() {
  return Error(ErrorType::connection_limit_reached,
               "There is no memory for another TLS connection.", "limits.memory");
}

/// Alerts by which a server says what it needs (RFC 8446, 6.2).
std::string_view meaning_of(uint8_t alert) {
  switch (alert) {
    case 40: return "it can't agree on how to speak";
    case 70: return "it wants another version of TLS";
    case 71: return "what Weir offers is not safe enough for it";
    case 80: return "something inside of it has failed";
    case 112: return "it does not know this name";
    case 116: return "it wants a certificate from the client";
    default: return {};
  }
}

constexpr uint8_t kNoApplicationProtocol = 120;  // RFC 7301, 3.2

http::Secured found_by(const net::Handshaken& made, const net::TlsStream& stream) {
  http::Secured found;
  using enum http::Secured::How;
  if (made.certificate_asked)
    found.how = certificate_asked;
  else if (made.distrusted)
    found.how = untrusted;
  else if (made.alert == kNoApplicationProtocol)
    found.how = no_protocol;
  else if (made.error != 0)
    found.how = failed;
  if (made.error == 0) {
    const net::Validity validity = net::ClientTls::validity_of(stream);
    found.valid_from_s = validity.from_s;
    found.valid_to_s = validity.to_s;
  }
  return found;
}

Error failure(const net::Handshaken& made, const net::TlsStream& stream,
              std::string_view authority) {
  const std::string name(authority);
  if (made.error == -ETIMEDOUT) {
    return Error(ErrorType::connection_timeout,
                 name + " was reached, but did not finish the TLS handshake in time.");
  }
  if (made.distrusted) {
    return Error(ErrorType::tls_certificate_error,
                 "The certificate of " + name + ' ' + net::ClientTls::why_refused(stream) + '.');
  }
  if (made.certificate_asked) {
    return Error(ErrorType::tls_protocol_error, name + " asks for a certificate of the client's.");
  }
  if (made.alert != 0) {
    const std::string_view meaning = meaning_of(made.alert);
    return Error(ErrorType::tls_alert_received,
                 name + " refused the TLS handshake (alert " + std::to_string(made.alert) + ')' +
                     (meaning.empty() ? std::string() : ": " + std::string(meaning)) + '.');
  }
  if (made.error == -EPROTO) {
    return Error(ErrorType::tls_protocol_error,
                 name + " does not speak TLS as it should (" +
                     (made.fault.empty() ? "no reason is known" : made.fault) + ").");
  }
  if (made.error == -ENOMEM) return no_memory();
  return Error(ErrorType::connection_terminated,
               name + " closed the connection in the TLS handshake.");
}

/// By the origin, and not for what Weir found out about it.
bool is_broken_off(const net::Handshaken& made) {
  return !made.distrusted && made.error != -ETIMEDOUT && made.error != -ECANCELED &&
         made.error != -ENOMEM;
}

Error no_turn(HandshakeTurns::Limit limit) {
  const bool of_client = limit == HandshakeTurns::Limit::of_client;
  return Error(ErrorType::connection_limit_reached,
               of_client
                   ? "This client's requests wait for as many TLS handshakes as may run for it."
                   : "As many TLS handshakes run as may.",
               of_client ? "tls.handshakes_per_client" : "tls.handshakes");
}

}  // namespace

Secured after_exception(const Secured*) {
  return std::unexpected(TlsFailure{no_memory()});
}

void OriginTls::use(std::shared_ptr<net::TrustStore> trust, std::shared_ptr<net::KeyLog> key_log,
                    const net::TlsConfig& config) {
  turns_.configure(config.handshakes, config.handshakes_per_client);
  if (trust == trust_ && key_log == key_log_) return;
  trust_ = std::move(trust);
  key_log_ = std::move(key_log);
  client_ = nullptr;
}

async::Task<base::Result<base::Ref<net::ClientTls>>> OriginTls::client() {
  while (!trust_->loaded()) {
    auto trust = trust_;
    const bool done = co_await port_.done_first(std::make_shared<LoadRoots>(std::move(trust)));
    if (!done) {
      co_return base::fail(ErrorType::connection_limit_reached,
                           "Too much waits to be done before certificates can be checked.");
    }
  }
  if (!client_) client_ = net::ClientTls::make(trust_, key_log_);
  if (!client_) co_return std::unexpected(no_memory());
  co_return client_;
}

async::Task<net::Handshaken> OriginTls::complete(net::TlsStream& stream,
                                                 std::shared_ptr<net::TrustStore> trust,
                                                 uint64_t deadline_ms) {
  // For all fetches together.
  const uint64_t until_ms =
      std::min(deadline_ms, async::EventLoop::current().now_ms() + IssuerFetch::kMostMs);
  net::Handshaken made{.error = -EINPROGRESS};
  for (size_t i = 0; i < net::ClientTls::kMostFetches && made.error == -EINPROGRESS; ++i) {
    co_await issuers_.find(net::ClientTls::missing_issuer(stream), trust, until_ms);
    made = co_await stream.handshake(deadline_ms);
  }
  co_return made;
}

async::Task<Secured> OriginTls::secure(std::unique_ptr<async::ByteStream> stream, TlsOrigin origin,
                                       uint64_t deadline_ms, http::Secured* found) {
  const HandshakeTurns::Turn turn = co_await turns_.wait(origin.client, deadline_ms);
  if (turn.refused_by() != HandshakeTurns::Limit::none)
    co_return std::unexpected(TlsFailure{no_turn(turn.refused_by())});
  auto tls = co_await client();
  if (!tls) co_return std::unexpected(TlsFailure{std::move(tls).error()});
  auto trust = trust_;
  net::SslPtr ssl =
      (*tls)->begin(origin.host, origin.literal, origin.authority, origin.stop_if_asked);
  if (!ssl) co_return std::unexpected(TlsFailure{no_memory()});
  auto secured = std::make_unique<net::TlsStream>(std::move(stream), std::move(ssl));
  net::Handshaken made = co_await secured->handshake(deadline_ms);
  if (made.error == -EINPROGRESS) made = co_await complete(*secured, std::move(trust), deadline_ms);
  if (found) *found = found_by(made, *secured);
  if (made.error == 0) co_return secured;
  const bool of_session = is_broken_off(made) && net::ClientTls::offered_session(*secured);
  if (of_session) (*tls)->forget_sessions(origin.authority);
  co_return std::unexpected(TlsFailure{failure(made, *secured, origin.authority), of_session});
}

}  // namespace weir::origin
