#include "tunnel/open.h"

#include <algorithm>

#include "match/address_class.h"
#include "tunnel/opened_tunnel.h"

namespace weir::tunnel {

using base::Error;
using base::ErrorType;
using http::Aside;

namespace {

constexpr uint8_t kAccessDenied = 49, kInternalError = 80, kUnrecognizedName = 112;

/// A device of the owner's, such as a router, whose certificate nobody has signed.
bool is_at_home(const base::IpAddress& address) {
  using enum match::AddressClass;
  switch (match::classify(address)) {
    case loopback:
    case link_local:
    case private_:
    case cgnat: return true;
    default: return false;
  }
}

std::string_view meaning_of(Aside aside) {
  switch (aside) {
    case Aside::none: break;
    case Aside::rejected: return "this program does not accept Weir's certificate for it";
    case Aside::no_authority: return "this program does not know Weir's authority";
    case Aside::client_certificate: return "it asks for a certificate of the client's";
    case Aside::no_protocol: return "client, server and Weir have no protocol in common";
    case Aside::not_http: return "what is inside is not HTTP";
    case Aside::bad_origin: return "its certificate can't be verified";
  }
  return {};
}

/// A browser lets its user go on in spite of a bad certificate. Here only the owner can.
Error with_ways_out(Error error, std::string_view host) {
  if (error.type() != ErrorType::tls_certificate_error) return error;
  return std::move(error).with_remedy(
      "add `" + std::string(host) +
      "` to `bad_origin_tunnel` in `[intercept]`, so that programs judge it by themselves, or, if "
      "its issuer is one of yours, the issuer's certificate to `roots` in `[tls]`.");
}

}  // namespace

std::string_view Open::host() const {
  return about_.hello.sni.empty() ? about_.session->opened_host.view()
                                  : std::string_view(about_.hello.sni);
}

bool Open::names_connect_host() const {
  const std::string& name = about_.hello.sni;
  // A CONNECT to an address is judged by the address and by the name, a front's name hides the one
  // that is meant, and a program that names nobody says nothing else.
  return about_.session->opened_literal || about_.hello.encrypted || name.empty() ||
         about_.session->opened_host == name;
}

bool Open::speaks_http() const {
  const auto& offered = about_.hello.alpn;
  return offered.empty() || std::ranges::find(offered, "http/1.1") != offered.end();
}

Aside Open::learned() const {
  if (own()) return Aside::none;
  const std::string client = client_of(*about_.exchange->asker);
  const std::string connected_to = place();
  return about_.opener->learned().reason({client, host(), about_.hello.shape, connected_to},
                                         async::EventLoop::current().now_ms());
}

void Open::learn(Aside aside) const {
  about_.opener->learned().host_is(host(), place(), aside, client_of(*about_.exchange->asker),
                                   async::EventLoop::current().now_ms());
}

std::unexpected<Error> Open::refuse(uint8_t alert, Error error) {
  alert_ = alert;
  return std::unexpected(std::move(error));
}

base::Result<std::unique_ptr<http::Tunnel>> Open::step_aside(Aside aside) {
  about_.exchange->aside = aside;
  if (!opening_.needed && opening_.step_aside) return nullptr;
  const std::string_view why = opening_.needed
                                   ? ", and the rules can only decide by what is inside."
                                   : ", and what can't be opened is denied.";
  return refuse(
      kAccessDenied,
      Error(ErrorType::http_request_denied,
            std::string(host()) + " can't be opened: " + std::string(meaning_of(aside)).append(why),
            opening_.needed ? "intercept.needed" : "intercept.on_reject"));
}

async::Task<base::Result<Aside>> Open::meet_origin() {
  http::Secured found = co_await about_.tunnel.secure(about_.hello.sni);
  validity_ = {found.valid_from_s, found.valid_to_s};
  using enum http::Secured::How;
  switch (found.how) {
    case done: co_return Aside::none;
    case certificate_asked: co_return Aside::client_certificate;
    case no_protocol: co_return Aside::no_protocol;
    case untrusted:
    case failed: break;
  }
  if (client_may_judge(found)) co_return Aside::bad_origin;
  about_.session->fault =
      std::make_shared<const Error>(with_ways_out(*std::move(found.error), host()));
  co_return Aside::none;
}

bool Open::client_may_judge(const http::Secured& found) const {
  if (found.how == http::Secured::How::untrusted && opening_.relay_bad_origin) return true;
  // Old devices have keys and versions that Weir does not take.
  const ErrorType type = found.error->type();
  const bool of_tls = type == ErrorType::tls_certificate_error ||
                      type == ErrorType::tls_protocol_error ||
                      type == ErrorType::tls_alert_received;
  return of_tls && is_at_home(about_.exchange->peer.address);
}

base::Result<std::unique_ptr<http::Tunnel>> Open::made() {
  http::Session& session = *about_.session;
  const bool by_name = !about_.hello.sni.empty();
  if (session.opened_host != host()) session.inner_host = host();
  session.scheme = http::Scheme::https;
  session.own = own();
  net::SslPtr ssl = about_.opener->begin(host(), !by_name && session.opened_literal, validity_);
  if (!ssl) {
    return refuse(kInternalError,
                  Error(ErrorType::connection_limit_reached,
                        "There is no memory to open another tunnel.", "limits.memory"));
  }
  return std::make_unique<OpenedTunnel>(OpenedTunnel::Parts{
      about_.exchange, about_.session, about_.context, *about_.opener, std::move(ssl),
      about_.hello.sni, about_.hello.shape, about_.silence_timeout_ms});
}

async::Task<base::Result<std::unique_ptr<http::Tunnel>>> Open::prepare() {
  auto prepared = co_await decide();
  const bool relays = prepared && !*prepared;
  if (relays) about_.exchange->tls = http::TlsInside::tunnelled;
  if (relays && about_.opener && about_.opener->ready()) {
    const http::Exchange& exchange = *about_.exchange;
    about_.opener->learned().tunnel_was(client_of(*exchange.asker), host(), exchange.tls,
                                        exchange.aside, async::EventLoop::current().now_ms());
  }
  co_return prepared;
}

async::Task<base::Result<std::unique_ptr<http::Tunnel>>> Open::decide() {
  http::Exchange& exchange = *about_.exchange;
  if (own())
    opening_.open = opening_.match_name = true;
  else
    opening_ = exchange.decision->opening(about_.hello.sni, about_.hello.encrypted);
  if (opening_.match_name && !names_connect_host()) {
    co_return refuse(kUnrecognizedName,
                     Error(ErrorType::http_request_denied,
                           "The tunnel was opened to " + about_.session->opened_host.text() +
                               ", and the server name in it is " + about_.hello.sni + '.',
                           "intercept.sni"));
  }
  if (!opening_.open) {
    if (!opening_.needed) co_return nullptr;
    co_return refuse(
        kAccessDenied,
        Error(ErrorType::http_request_denied,
              "Only what is inside could be allowed, and it is not opened.", "intercept.needed"));
  }
  if (!about_.opener || !about_.opener->ready()) {
    if (!own() && !opening_.needed) co_return nullptr;
    co_return refuse(kAccessDenied,
                     Error(ErrorType::http_request_denied,
                           "There is no authority to open this tunnel with.", "intercept.mode"));
  }
  if (base::Account::stand() >= base::Memory::full) {
    co_return refuse(kInternalError,
                     Error(ErrorType::connection_limit_reached,
                           "There is no memory to open another tunnel.", "limits.memory"));
  }
  if (const Aside aside = learned(); aside != Aside::none) co_return step_aside(aside);
  if (!speaks_http()) co_return step_aside(Aside::no_protocol);
  if (!own() && about_.tunnel.connected()) {
    CO_TRY(const Aside aside, co_await meet_origin());
    if (aside != Aside::none) {
      learn(aside);
      co_return step_aside(aside);
    }
  }
  co_return made();
}

}  // namespace weir::tunnel
