#include "tunnel/recognise.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "async/signal.h"
#include "codec/tls/client_hello.h"
#include "http/target_parse.h"
#include "tunnel/first_bytes.h"
#include "tunnel/open.h"
#include "tunnel/sniff.h"

namespace weir::tunnel {

using base::ErrorType;

namespace {

/// How long a ClientHello that the rules have to see may take from its first byte. Longer than
/// server::kUndecidedMs: such a ClientHello is refused when the time is over, not relayed, and
/// where packets are lost, one of several packets takes seconds.
constexpr uint64_t kHelloMs = 10'000;

/// A client that sends nothing for so long, in a tunnel that has no connection to its origin yet,
/// may wait for the origin to speak.
constexpr uint64_t kSilenceMs = 300;

enum class Event : uint8_t { timeout, client, client_broke, origin, origin_broke };
Event after_exception(const Event*) {
  return Event::origin_broke;
}

async::Task<Event> when_readable(async::ByteStream& stream, uint64_t deadline_ms, Event readable,
                                 Event broke) {
  const ssize_t ready = co_await stream.until_readable(deadline_ms);
  co_return ready >= 0 ? readable : ready == -ETIMEDOUT ? Event::timeout : broke;
}

std::unexpected<base::Error> client_broke() {
  return base::fail(ErrorType::client_closed, "The client's connection broke.");
}
/// Resets the client's connection, as a relay does.
std::unexpected<base::Error> origin_broke(async::ByteStream& client) {
  client.abort();
  return base::fail(ErrorType::connection_terminated, "The origin's connection broke.");
}
std::unexpected<base::Error> unreadable(const std::string& what) {
  return base::fail(ErrorType::http_request_denied, what + ", and there are rules about names.",
                    "server name");
}

/// The tunnel of a CONNECT that was refused: it leads nowhere, and only opened can it say so.
class RefusedTunnel final : public http::Tunnel {
 public:
  explicit RefusedTunnel(base::Error refusal) : refusal_(std::move(refusal)) {}
  bool connected() const override { return false; }
  async::Task<base::Result<void>> connect() override { co_return std::unexpected(refusal_); }
  async::Task<base::Result<void>> run(async::ByteStream&, base::Slice) override {
    co_return std::unexpected(refusal_);
  }

 private:
  const base::Error refusal_;
};

http::Response refusing(const base::Error& refusal) {
  http::Response response;
  response.head = http::ResponseHead::make(200);
  response.head->reason = "Connection established";
  response.tunnel = std::make_unique<RefusedTunnel>(refusal);
  return response;
}

class Recognised final : public http::Tunnel {
 public:
  Recognised(std::unique_ptr<http::Tunnel> inner, base::Ref<http::Exchange> exchange,
             base::Ref<http::Session> session, const server::SessionContext& context,
             const TunnelConfig& config, intercept::Opener* opener)
      : inner_(std::move(inner)),
        exchange_(std::move(exchange)),
        session_(std::move(session)),
        context_(context),
        config_(config),
        opener_(opener) {}

  async::Task<base::Result<void>> look(async::ByteStream& client,
                                       base::Slice& client_bytes) override;
  /// Hands over the inner tunnel if Weir serves nothing inside: then this object, which was only
  /// needed to look, goes.
  std::unique_ptr<http::Tunnel> carrier() override {
    if (opened_) return std::move(opened_);
    if (inside_ || over_) return nullptr;
    auto relay = inner_->carrier();
    return relay ? std::move(relay) : std::move(inner_);
  }
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;

 private:
  /// Tells from the first bytes what the tunnel carries, and leaves them in `bytes`.
  /// Returns `undecided` if a side ended before anything was sent, in a tunnel where Weir has to
  /// see what the other side may still send: that must not pass.
  async::Task<base::Result<Carries>> watch(async::ByteStream& client, base::Slice& bytes,
                                           Sniffer& sniffer);
  /// True if Weir has to see the requests inside: then there is no way back, and no relay except
  /// for TLS.
  bool needs_inside() const {
    return inner_->own() || rules_need_inside_ ||
           std::ranges::binary_search(config_.no_opaque_ports, session_->opened_port);
  }
  /// True if rules may say something about the name of the server in the tunnel.
  bool asks_names() const { return exchange_->decision->asks_server_names(); }
  /// True if `bytes`, which came first, may be a ClientHello that the rules have to see.
  bool needs_hello(std::string_view bytes) const {
    return asks_names() && Sniffer::begins_tls(bytes);
  }
  /// True if what begins with `bytes` must not be relayed unread.
  bool must_read(std::string_view bytes) const { return needs_inside() || needs_hello(bytes); }
  /// The number of bytes that are looked at. A ClientHello that the rules have to see may always
  /// have its full size: a smaller `tunnel.sniff` would refuse what browsers send.
  size_t sniff_limit() const {
    const size_t limit = config_.sniff_bytes;
    return asks_names() ? std::max(limit, tls::kLargestHello) : limit;
  }
  /// True if Weir serves HTTP inside this tunnel, if there is any.
  bool serves() const {
    constexpr uint16_t kHttpPort = 80;
    if (needs_inside() || config_.serve == Serve::always) return true;
    return config_.serve == Serve::needed && session_->opened_port == kHttpPort;
  }
  /// True if the first head is for the site that the tunnel was opened to. If the tunnel was opened
  /// to an address, the head's Host names the site.
  bool is_for_this(const http::RequestHead& head) const {
    const http::Target& target = head.target;
    const bool names_it =
        session_->opened_literal && target.form == http::TargetForm::origin && !target.host.empty();
    return (names_it && target.port == session_->opened_port) ||
           http::is_for_opened(*session_, head);
  }
  /// True if what the tunnel carries is served in a session inside.
  bool goes_inside(Carries carries, const Sniffer& sniffer) const {
    if (carries == Carries::bad_http) return needs_inside();
    if (carries != Carries::http) return false;
    return needs_inside() || (serves() && is_for_this(*sniffer.head()));
  }
  /// Opens the TLS that begins with the ClientHello, or finds that it is to be relayed.
  async::Task<base::Result<void>> open(async::ByteStream& client, const tls::ClientHello& hello);
  /// Asks the rules about the server that is named in what is about to be relayed.
  base::Result<void> check_names(Carries carries, const Sniffer& sniffer) const;
  /// The same for HTTP that begins with `head`.
  base::Result<void> check_hosts(http::RequestHead& head) const;

  std::unique_ptr<http::Tunnel> inner_;
  const base::Ref<http::Exchange> exchange_;
  const base::Ref<http::Session> session_;
  const server::SessionContext& context_;
  const TunnelConfig& config_;
  intercept::Opener* const opener_;
  std::unique_ptr<http::Tunnel> opened_;  // Serves the TLS inside.
  /// The rules can only decide by what is inside.
  const bool rules_need_inside_ = exchange_->decision->opening({}, false).needed;
  bool inside_ = false;  // It carries HTTP, which is served here.
  bool over_ = false;    // It has ended, and carried nothing.
};

async::Task<base::Result<Carries>> Recognised::watch(async::ByteStream& client, base::Slice& bytes,
                                                     Sniffer& sniffer) {
  auto& loop = async::EventLoop::current();
  const size_t limit = sniff_limit();
  if (bytes.size() >= limit) {
    // There are already as many bytes as are ever looked at: judge them in place, without a copy.
    const Carries carries = sniffer.look(bytes.view().substr(0, limit));
    co_return carries == Carries::undecided ? Sniffer::unfinished(bytes.view()) : carries;
  }
  FirstBytes first(bytes, limit);
  const auto no_room = [&]() -> base::Result<Carries> {
    if (!must_read(first.view())) return Sniffer::unfinished(first.view());
    return base::fail(ErrorType::connection_limit_reached,
                      "There is no memory to tell what the tunnel carries.", "limits.memory");
  };
  bool speaks_last = inner_->connects_for_silence();
  uint64_t deadline_ms = loop.now_ms() + (speaks_last ? kSilenceMs : config_.silence_timeout_ms);
  bool begun = false;
  async::ByteStream* origin = inner_->origin();
  for (;;) {
    const Carries carries = sniffer.look(first.view());
    if (carries != Carries::undecided) co_return carries;
    if (first.size() == limit) co_return Sniffer::unfinished(first.view());
    if (first.size() > 0) {
      if (!begun)
        deadline_ms = loop.now_ms() + (needs_hello(first.view()) ? kHelloMs : server::kUndecidedMs);
      begun = true;
      if (!first.make_room()) co_return no_room();
    }
    auto event = when_readable(client, deadline_ms, Event::client, Event::client_broke);
    // The origin is asked first: if both sides have sent something, the origin did so without
    // having seen a request.
    if (origin)
      event =
          async::first_of(when_readable(*origin, deadline_ms, Event::origin, Event::origin_broke),
                          std::move(event));
    switch (co_await event) {
      case Event::timeout:
        if (begun) co_return Sniffer::unfinished(first.view());
        if (std::exchange(speaks_last, false)) {
          CO_CHECK(co_await inner_->connect());
          origin = inner_->origin();
          deadline_ms = loop.now_ms() + config_.silence_timeout_ms;
          continue;
        }
        co_return base::fail(ErrorType::connection_read_timeout,
                             "Neither side sent anything in the tunnel.");
      case Event::client_broke: co_return client_broke();
      case Event::origin_broke: co_return origin_broke(client);
      case Event::origin: {
        // The relay sees it again, be it bytes or the end.
        if (!must_read(first.view())) co_return Sniffer::unfinished(first.view());
        char byte;
        const ssize_t n = origin->try_read(&byte, 1);
        if (n == -EAGAIN) continue;
        if (n > 0) co_return Sniffer::unfinished(first.view());
        if (n == 0 && !begun) co_return Carries::undecided;
        co_return origin_broke(client);
      }
      case Event::client: break;
    }
    if (!first.make_room()) co_return no_room();
    const ssize_t n = first.read(client);
    if (n == -EAGAIN) continue;
    if (n < 0) co_return client_broke();
    // The client has ended its side. The relay sees that end again and passes it on.
    if (n == 0)
      co_return begun || !needs_inside() ? Sniffer::unfinished(first.view()) : Carries::undecided;
  }
}

base::Result<void> Recognised::check_names(Carries carries, const Sniffer& sniffer) const {
  if (asks_names() && carries == Carries::bad_tls)
    return unreadable("The ClientHello in the tunnel can't be read");
  if (asks_names() && sniffer.server_name_unreadable())
    return unreadable("The server name in the tunnel's ClientHello is no host name");
  if (carries == Carries::tls)
    return exchange_->decision->check_server_name(sniffer.server_name(), *exchange_);
  if (asks_names() && sniffer.head()) return check_hosts(*sniffer.head());
  return {};
}

base::Result<void> Recognised::check_hosts(http::RequestHead& head) const {
  const std::string_view host = head.target.host;
  if (host.empty()) return {};  // It names none, or could not be read.
  // Where the target is a URL, the origin should ignore Host (RFC 9112, 3.2.2), but some go by it.
  const auto named = http::parse_authority(head.fields.get(http::FieldId::host), 0, head.arena());
  if (named && named->host != host)
    CHECK_OK(exchange_->decision->check_server_name(named->host, *exchange_));
  return exchange_->decision->check_server_name(host, *exchange_);
}

async::Task<base::Result<void>> Recognised::look(async::ByteStream& client,
                                                 base::Slice& client_bytes) {
  Sniffer sniffer(serves() || asks_names());
  CO_TRY(const Carries carries, co_await watch(client, client_bytes, sniffer));
  over_ = carries == Carries::undecided;
  if (over_) co_return {};
  exchange_->sni = sniffer.server_name();
  inside_ = goes_inside(carries, sniffer);
  if (inside_) {
    // If anything is wrong with the request, the session inside answers it with 400 or 421.
    const std::string host =
        carries == Carries::http ? std::string(sniffer.target().host) : std::string();
    if (session_->opened_literal && host != session_->opened_host) session_->inner_host = host;
    session_->own = inner_->own();
    co_return {};
  }
  CO_CHECK(check_names(carries, sniffer));
  if (carries == Carries::tls) CO_CHECK(co_await open(client, sniffer.hello()));
  if (opened_) co_return {};
  if (!inner_->connected()) CO_CHECK(co_await inner_->connect());
  if (carries != Carries::tls && needs_inside()) {
    co_return base::fail(ErrorType::http_request_denied,
                         "What the tunnel carries is neither TLS nor HTTP.", "no_opaque_ports");
  }
  co_return {};
}

async::Task<base::Result<void>> Recognised::open(async::ByteStream& client,
                                                 const tls::ClientHello& hello) {
  Open open({*inner_, exchange_, session_, context_, opener_, hello, config_.silence_timeout_ms});
  auto prepared = co_await open.prepare();
  if (!prepared) {
    // The client learns by an alert that it was refused (RFC 8446, 6), and not that a line is bad.
    const char alert[] = {0x15, 3, 3, 0, 2, 2, static_cast<char>(open.alert())};
    iovec piece{const_cast<char*>(alert), sizeof alert};
    if (open.alert() != 0) client.try_write(&piece, 1);
    co_return std::unexpected(std::move(prepared).error());
  }
  opened_ = *std::move(prepared);
  co_return {};
}

async::Task<base::Result<void>> Recognised::run(async::ByteStream& client,
                                                base::Slice client_bytes) {
  if (over_) co_return {};
  server::WayBack way_back;
  const bool may_go_back = !needs_inside();
  auto pin = inner_->into_pin();
  if (!may_go_back) inner_ = nullptr;
  exchange_->set_ended("complete");
  async::Interrupt* const on_broken = client.readiness().on_broken;
  // Whoever opened the tunnel makes the requests inside.
  auto asker = base::make_ref<http::Asker>(session_, exchange_->asker->identity);
  co_await server::serve_session(client, std::move(asker), context_, std::move(client_bytes),
                                 std::move(pin), may_go_back ? &way_back : nullptr);
  if (!way_back.taken()) co_return {};
  client.readiness().on_broken = on_broken;
  inner_->take_back(way_back.take_connection());
  co_return co_await inner_->run(client, way_back.take_bytes());
}

}  // namespace

async::Task<base::Result<http::Response>> Recognise::handle(http::Request& request,
                                                            http::Next next) const {
  if (request.head->method != http::Method::connect) return next(request);
  // What is inside the tunnel relies on policy's decision about the CONNECT.
  if (!request.decision)
    return http::fail_with(
        base::Error(ErrorType::proxy_internal_error, "Policy has not seen this request."));
  return recognise(request, next);
}

async::Task<base::Result<http::Response>> Recognise::recognise(http::Request& request,
                                                               http::Next next) const {
  const http::Session& outer = request.session();
  auto session = base::make_ref<http::Session>();
  session->listener = outer.listener;
  session->listener_use = outer.listener_use;
  session->client = outer.client;
  session->local = outer.local;
  session->opened_host = request.head->target.host;
  session->opened_port = request.head->target.port;
  session->opened_literal = request.head->target.literal;
  session->depth = outer.depth + 1;
  base::Ref<http::Exchange> exchange = request.exchange;
  http::Response response;
  if (const base::Error* const refusal = request.decision->refusal_to_show()) {
    response = refusing(*refusal);
    session->fault = std::make_shared<const base::Error>(*refusal);
  } else {
    CO_TRY(response, co_await next(request));
  }
  if (response.tunnel && response.tunnel->own() && config_.serve == Serve::never) {
    co_return base::fail(
        ErrorType::http_request_denied,
        "No HTTP is served inside tunnels here, so Weir's own pages can't be reached through one.",
        "tunnel.serve");
  }
  if (response.tunnel) {
    response.tunnel = std::make_unique<Recognised>(std::move(response.tunnel), std::move(exchange),
                                                   std::move(session), context_, config_, opener_);
  }
  co_return response;
}

}  // namespace weir::tunnel
