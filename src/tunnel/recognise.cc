#include "tunnel/recognise.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "async/signal.h"
#include "codec/tls/client_hello.h"
#include "http/target_parse.h"
#include "tunnel/sniff.h"

namespace weir::tunnel {

using base::ErrorType;

namespace {

/// How long a ClientHello that the rules have to see may take from its first byte. Longer than
/// server::kUndecidedMs: such a ClientHello is refused when the time is over, not relayed, and
/// where packets are lost, one of several packets takes seconds.
constexpr uint64_t kHelloMs = 10'000;

/// The client's bytes so far, in a block that is only a little larger: most heads and ClientHellos
/// are short, and a client that sends little should cost little memory.
class FirstBytes {
 public:
  /// Starts with what is in `bytes`. The destructor puts all bytes back there, however the look
  /// ends.
  FirstBytes(base::Slice& bytes, size_t limit)
      : bytes_(bytes), limit_(limit), size_(bytes.size()) {}
  FirstBytes(const FirstBytes&) = delete;
  ~FirstBytes() {
    if (block_ && size_ > 0) bytes_ = base::Slice(std::move(block_), 0, size_);
  }

  std::string_view view() const {
    return block_ ? std::string_view(block_->data(), size_) : bytes_.view();
  }
  size_t size() const { return size_; }
  /// Makes room for more. False if memory is too scarce: the bytes that are there have to do.
  bool make_room() {
    if (block_ && size_ < block_->capacity()) return true;
    size_t capacity = base::Block::kTiny;
    while (capacity <= size_) capacity *= kGrowth;
    capacity = std::min(capacity, limit_);
    if (capacity > base::Block::kTiny && base::Account::stand() != base::Memory::enough &&
        capacity > base::Block::bulk())
      return false;
    auto block = base::Block::make(capacity);
    if (size_ > 0) std::memcpy(block->data(), view().data(), size_);
    block_ = std::move(block);
    bytes_ = base::Slice();
    return true;
  }
  /// Returns the number of bytes, 0 for the end, or -errno.
  ssize_t read(async::ByteStream& from) {
    const ssize_t n = from.try_read(block_->data() + size_, block_->capacity() - size_);
    if (n > 0) size_ += static_cast<size_t>(n);
    if (size_ == 0) block_ = nullptr;  // Nothing came yet: hold no memory while waiting.
    return n;
  }

 private:
  static constexpr size_t kGrowth = 4;
  base::Slice& bytes_;
  base::Ref<base::Block> block_;
  const size_t limit_;
  size_t size_;
};

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

class Recognised final : public http::Tunnel {
 public:
  Recognised(std::unique_ptr<http::Tunnel> inner, base::Ref<http::Exchange> exchange,
             base::Ref<http::Session> session, const server::SessionContext& context,
             const TunnelConfig& config)
      : inner_(std::move(inner)),
        exchange_(std::move(exchange)),
        session_(std::move(session)),
        context_(context),
        config_(config) {}

  async::Task<base::Result<void>> look(async::ByteStream& client,
                                       base::Slice& client_bytes) override;
  /// Hands over the inner tunnel if Weir serves nothing inside: then this object, which was only
  /// needed to look, goes.
  std::unique_ptr<http::Tunnel> carrier() override {
    return inside_ || over_ ? nullptr : std::move(inner_);
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
    return inner_->own() ||
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
  /// Asks the rules about the server that is named in what is about to be relayed.
  base::Result<void> check_names(Carries carries, const Sniffer& sniffer) const;
  /// The same for HTTP that begins with `head`.
  base::Result<void> check_hosts(http::RequestHead& head) const;

  std::unique_ptr<http::Tunnel> inner_;
  const base::Ref<http::Exchange> exchange_;
  const base::Ref<http::Session> session_;
  const server::SessionContext& context_;
  const TunnelConfig& config_;
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
  uint64_t deadline_ms = loop.now_ms() + config_.silence_timeout_ms;
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
  if (carries != Carries::tls && needs_inside()) {
    co_return base::fail(ErrorType::http_request_denied,
                         "What the tunnel carries is neither TLS nor HTTP.", "no_opaque_ports");
  }
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
  CO_TRY(http::Response response, co_await next(request));
  if (response.tunnel && response.tunnel->own() && config_.serve == Serve::never) {
    co_return base::fail(
        ErrorType::http_request_denied,
        "No HTTP is served inside tunnels here, so Weir's own pages can't be reached through one.",
        "tunnel.serve");
  }
  if (response.tunnel) {
    response.tunnel = std::make_unique<Recognised>(std::move(response.tunnel), std::move(exchange),
                                                   std::move(session), context_, config_);
  }
  co_return response;
}

}  // namespace weir::tunnel
