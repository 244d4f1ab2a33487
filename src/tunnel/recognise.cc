#include "tunnel/recognise.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "async/signal.h"
#include "tunnel/sniff.h"

namespace weir::tunnel {

using base::ErrorType;

namespace {

/// A client that sends a part of what could be HTTP or TLS and then waits speaks something else.
constexpr uint64_t kUndecidedMs = 1000;

async::Task<int> when_readable(async::ByteStream& stream, uint64_t deadline_ms, int who) {
  const ssize_t ready = co_await stream.until_readable(deadline_ms);
  co_return ready < 0 ? static_cast<int>(ready) : who;
}
constexpr int kClient = 1, kOrigin = 2;

class Recognised final : public http::Tunnel {
 public:
  Recognised(std::unique_ptr<http::Tunnel> inner, base::Ref<http::Exchange> exchange, base::Ref<http::Session> session,
             const server::SessionContext& context, const TunnelConfig& config)
      : inner_(std::move(inner)), exchange_(std::move(exchange)), session_(std::move(session)), context_(context), config_(config) {}

  async::Task<base::Result<void>> look(async::ByteStream& client, base::Slice& client_bytes) override;
  /// The tunnel itself, where nothing inside is for us to see: all that was needed to look goes.
  std::unique_ptr<http::Tunnel> carrier() override { return inside_ ? nullptr : std::move(inner_); }
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;

 private:
  async::Task<base::Result<Carries>> watch(async::ByteStream& client, base::Slice& bytes, Sniffer& sniffer);
  bool opaque_allowed() const { return !inner_->own() && !std::ranges::binary_search(config_.no_opaque_ports, session_->opened_port); }
  /// The first head names the host that the tunnel was opened to (or any, if that was an address).
  bool names_this(const Sniffer& sniffer) const {
    return sniffer.target().port == session_->opened_port && (sniffer.target().host == session_->opened_host || session_->opened_literal);
  }

  std::unique_ptr<http::Tunnel> inner_;
  const base::Ref<http::Exchange> exchange_;
  const base::Ref<http::Session> session_;
  const server::SessionContext& context_;
  const TunnelConfig& config_;
  bool inside_ = false;  // It carries HTTP, which is served here.
};

async::Task<base::Result<Carries>> Recognised::watch(async::ByteStream& client, base::Slice& bytes, Sniffer& sniffer) {
  auto& loop = async::EventLoop::current();
  const size_t limit = config_.sniff_bytes;
  if (bytes.size() >= limit) {
    // More than is ever looked at: it is judged where it lies.
    const Carries carries = sniffer.look(bytes.view().substr(0, limit));
    co_return carries == Carries::undecided ? Carries::opaque : carries;
  }
  base::Ref<base::Block> block;
  size_t size = bytes.size();
  if (size > 0) {
    block = base::Block::make(limit);
    std::memcpy(block->data(), bytes.view().data(), size);
    bytes = base::Slice();
  }
  /// Whatever ends it: what was read goes on.
  struct Keep {
    base::Slice& bytes;
    base::Ref<base::Block>& block;
    size_t& size;
    ~Keep() {
      if (size > 0) bytes = base::Slice(std::move(block), 0, size);
    }
  } keep{bytes, block, size};
  uint64_t deadline_ms = loop.now_ms() + config_.silence_timeout_ms;
  async::ByteStream* origin = inner_->origin();
  for (;;) {
    const Carries carries = sniffer.look({block ? block->data() : nullptr, size});
    if (carries != Carries::undecided) co_return carries;
    if (size == limit) co_return Carries::opaque;
    if (size > 0) deadline_ms = loop.now_ms() + kUndecidedMs;
    int who;
    if (origin) {
      // The origin is asked first: where both have spoken, it has spoken without having seen a request.
      who = co_await async::first_of(when_readable(*origin, deadline_ms, kOrigin), when_readable(client, deadline_ms, kClient));
    } else {
      who = co_await when_readable(client, deadline_ms, kClient);
    }
    if (who == kOrigin || (who == -ETIMEDOUT && size > 0)) co_return Carries::opaque;
    if (who == -ETIMEDOUT) co_return base::fail(ErrorType::connection_read_timeout, 504, "neither side sent anything in the tunnel");
    if (who < 0) co_return base::fail(ErrorType::client_closed, 502, "the client's connection broke");
    if (!block) block = base::Block::make(limit);
    const ssize_t n = client.try_read(block->data() + size, limit - size);
    if (n == -EAGAIN) continue;
    if (n < 0) co_return base::fail(ErrorType::client_closed, 502, "the client's connection broke");
    // The client has said all it will: the relay sees its end again and passes it on.
    if (n == 0) co_return Carries::opaque;
    size += static_cast<size_t>(n);
  }
}

async::Task<base::Result<void>> Recognised::look(async::ByteStream& client, base::Slice& client_bytes) {
  Sniffer sniffer;
  CO_TRY(const Carries carries, co_await watch(client, client_bytes, sniffer));
  exchange_->sni = sniffer.server_name();
  const bool readable = carries == Carries::http || carries == Carries::bad_http;
  if (readable && (inner_->own() || !opaque_allowed() || (carries == Carries::http && names_this(sniffer)))) {
    // What is wrong with it, if anything, is answered inside: 400, 421.
    inside_ = true;
    const std::string host = carries == Carries::http ? std::string(sniffer.target().host) : std::string();
    if (session_->opened_literal && host != session_->opened_host) session_->inner_host = host;
    session_->own = inner_->own();
    co_return {};
  }
  if (carries != Carries::tls && !opaque_allowed()) {
    co_return base::fail(ErrorType::http_request_denied, 403, "what the tunnel carries is neither TLS nor HTTP", "no_opaque_ports");
  }
  co_return {};
}

async::Task<base::Result<void>> Recognised::run(async::ByteStream& client, base::Slice client_bytes) {
  auto pin = inner_->into_pin();
  inner_ = nullptr;
  exchange_->set_ended("complete");
  co_await server::serve_session(client, session_, context_, std::move(client_bytes), std::move(pin));
  co_return {};
}

}  // namespace

async::Task<base::Result<http::Response>> Recognise::handle(http::Request request, http::Next next) const {
  if (request.head->method != http::Method::connect) return next(std::move(request));
  // What is inside goes by the word that policy gave on the CONNECT.
  if (!request.decision) return http::fail_with(base::Error(ErrorType::proxy_internal_error, 500, "policy has not seen this request"));
  return recognise(std::move(request), next);
}

async::Task<base::Result<http::Response>> Recognise::recognise(http::Request request, http::Next next) const {
  const http::Session& outer = *request.session;
  auto session = base::make_ref<http::Session>();
  session->listener = outer.listener;
  session->client = outer.client;
  session->local = outer.local;
  session->opened_host = request.head->target.host;
  session->opened_port = request.head->target.port;
  session->opened_literal = request.head->target.literal;
  session->depth = outer.depth + 1;
  session->identity = request.exchange->identity;
  base::Ref<http::Exchange> exchange = request.exchange;
  CO_TRY(http::Response response, co_await next(std::move(request)));
  if (response.tunnel) {
    response.tunnel = std::make_unique<Recognised>(std::move(response.tunnel), std::move(exchange), std::move(session), context_, config_);
  }
  co_return response;
}

}  // namespace weir::tunnel
