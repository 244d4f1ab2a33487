#include "server/http1/session.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>

#include "base/event_log.h"
#include "base/text.h"
#include "codec/http1/head_parser.h"
#include "codec/http1/request_start.h"
#include "http/target_parse.h"
#include "server/drip.h"
#include "server/http1/client_body.h"
#include "server/http1/client_end.h"
#include "server/http1/respond.h"

namespace weir::server {

using base::ErrorType;

namespace {
bool no_memory() {
  return base::Account::stand() >= base::Memory::full;
}
base::Error no_memory_error() {
  return base::Error(ErrorType::connection_limit_reached,
                     "The proxy holds as much memory as it may.", "limits.memory");
}

/// --debug: prints the request line as it came, and the URL that Weir takes it for.
void print_request(const http::RequestHead& head) {
  std::string line(head.method_token);
  line.append(" ").append(head.raw_target).append(" ") += text_of(head.version);
  const http::Target& target = head.target;
  if (!target.host.empty()) {
    line += ", URL ";
    if (head.method != http::Method::connect)
      line += target.scheme == http::Scheme::https ? "https://" : "http://";
    line.append(target.authority).append(target.path);
  }
  std::string escaped;
  base::append_escaped_for_log(escaped, line);
  base::log_event(escaped);
}
}  // namespace

/// One client connection, or one session inside a tunnel.
class Connection final : public base::Pooled, private LiveConnection {
 public:
  Connection(async::ByteStream& stream, std::unique_ptr<async::ByteStream> owned,
             base::Ref<const http::Asker> asker, const SessionContext& context,
             const base::Slice& first, base::Ref<http::PinnedConnection> pin, WayBack* way_back)
      : LiveConnection(context.connections),
        owned_(std::move(owned)),
        context_(context),
        asker_(std::move(asker)),
        client_(stream, context.config) {
    stream.readiness().on_broken = &client_.interrupt;
    pins_.way_back = way_back;
    if (way_back) way_back->attach(client_);
    pins_.on_lost = base::Callback<>::to<&Connection::pin_lost>(*this);
    client_.input.put(first);
    if (pin) pins_.put(authority(), std::move(pin));
  }
  Connection(const Connection&) = delete;
  ~Connection() { client_.stream.readiness().on_broken = nullptr; }

  /// `self` owns this object: so a connection that waits for a request costs one coroutine frame.
  async::Task<void> run(std::unique_ptr<Connection> self);

 private:
  enum class After : uint8_t {
    next,    // Another request may come.
    linger,  // The answer is out; the client may still be sending.
    drop,    // Cut: the client has gone, or must not take a part for the whole.
    relay,   // The tunnel around this session relays in its place.
  };
  struct Outcome {
    After after = After::drop;
    std::unique_ptr<http::Tunnel> tunnel;
    base::Ref<ClientExchange> exchange;
    friend Outcome after_exception(const Outcome*) { return {}; }
  };

  /// Reads one request and answers it; a tunnel is returned for the caller to run.
  async::Task<Outcome> exchange();
  async::Task<base::Result<Served>> serve(http::Request request, http::Exchange* exchange,
                                          RequestFacts facts);
  async::Task<void> linger();
  /// Null where there is none.
  WayBack* way_back() const { return static_cast<WayBack*>(pins_.way_back); }
  /// Inside a tunnel: the key of the connection that the CONNECT opened.
  std::string authority() const;
  /// Gives the CONNECT's connection back to the tunnel, if there is a way.
  void go_back();
  /// True if the next request has begun to come. Asks the kernel.
  bool more_is_there();
  /// Makes the exchange. Its time counts from the request's first byte, not from the end of its
  /// head.
  base::Ref<ClientExchange> begin(uint64_t started_ms);
  /// Reads until the head is complete. Returns what is wrong with it, if anything.
  async::Task<std::optional<base::Error>> read_head(http1::RequestParser& parser);
  void finish(http::Exchange& exchange, const std::optional<base::Result<Served>>& served);

  /// A pinned connection died, so the client's login on it, or its tunnel's other end, is gone. The
  /// client's connection has to end too: at once if it is idle.
  void pin_lost() {
    if (idle_) client_.stream.readiness().interrupt();
  }

  const std::unique_ptr<async::ByteStream> owned_;  // Null if the caller owns the stream.
  const SessionContext& context_;
  const base::Ref<const http::Asker> asker_;
  const http::Session& session() const { return *asker_->session; }

  Client client_;
  void close_resting() override { client_.stream.readiness().interrupt(); }
  std::pair<Drip::Side, uint64_t> content() const override;
  void cut_dripping() override;

  http::Pins pins_;
  bool served_any_ = false;
  bool idle_ = false;  // It waits for a request.
  uint64_t waiting_since_ms_ = 0;
  http::Exchange* exchange_ = nullptr;  // The running one, or null.
};

std::pair<Drip::Side, uint64_t> Connection::content() const {
  const async::Readiness& state = client_.stream.readiness();
  // Without an exchange there is no content. If a session runs inside this one's tunnel, the
  // content belongs to that session.
  if (!exchange_ || state.on_broken != &client_.interrupt) return {Drip::Side::none, 0};
  if (state.writer_waits()) {
    // Of what the kernel has taken, far less may have reached the client.
    const uint64_t unsent = client_.stream.unsent();
    return {Drip::Side::taking, exchange_->sent - std::min(exchange_->sent, unsent)};
  }
  const ContentState& content = client_.content;
  const bool asked_for = content.begun || !content.expects_continue || content.continue_sent;
  if (!state.reader_waits() || !content.expected || content.complete || !asked_for)
    return {Drip::Side::none, 0};
  return {content.length_known ? Drip::Side::sending : Drip::Side::live, exchange_->received};
}

void Connection::cut_dripping() {
  if (!client_.answered && client_.content.expected && client_.stream.readiness().reader_waits()) {
    client_.drips = true;
    client_.stream.readiness().expire_reader();
    return;
  }
  // abort() also drops what the kernel still holds for the client.
  client_.stream.abort();
  client_.interrupt.fire("lowest_rate");
}

async::Task<void> serve_session(async::ByteStream& stream, base::Ref<const http::Asker> asker,
                                const SessionContext& context, base::Slice first,
                                base::Ref<http::PinnedConnection> pin, WayBack* way_back) {
  auto connection = std::make_unique<Connection>(stream, nullptr, std::move(asker), context, first,
                                                 std::move(pin), way_back);
  Connection& itself = *connection;
  return itself.run(std::move(connection));
}

async::Task<void> serve_client(std::unique_ptr<async::ByteStream> stream,
                               base::Ref<const http::Asker> asker, const SessionContext& context) {
  async::ByteStream& served = *stream;
  auto connection = std::make_unique<Connection>(served, std::move(stream), std::move(asker),
                                                 context, base::Slice(), nullptr, nullptr);
  Connection& itself = *connection;
  return itself.run(std::move(connection));
}

std::string Connection::authority() const {
  const std::string_view host =
      (session().inner_host.empty() ? session().opened_host : session().inner_host).view();
  return http::authority_key(host, session().opened_port);
}

void Connection::go_back() {
  if (!way_back() || client_.interrupt.fired()) return;
  if (!way_back()->taken()) {
    auto connection = pins_.take(authority());
    if (!connection) return;
    way_back()->take(std::move(connection));
  }
  client_.stream.readiness().take_interrupt_back();
  way_back()->finish(client_.input.take_all());
}

async::Task<void> Connection::run(std::unique_ptr<Connection> self) {
  const auto kept = std::move(self);  // Destroyed when run() returns, not with the task.
  auto& loop = async::EventLoop::current();
  for (;;) {
    waiting_since_ms_ = loop.now_ms();
    const uint64_t until_ms = waiting_since_ms_ + (served_any_ ? client_.config.idle_timeout_ms
                                                               : client_.config.head_timeout_ms);
    while (client_.input.empty()) {
      if (pins_.lost()) {
        go_back();
        co_return;
      }
      client_.input.release();
      rests(!served_any_, waiting_since_ms_);
      idle_ = true;
      const ssize_t ready = co_await client_.stream.until_readable(until_ms);
      idle_ = false;
      wakes();
      // A connection that is to be closed, to make room or at a drain, may have sent a request that
      // the kernel already has. Read it, and serve it.
      if (ready == -ECANCELED && !pins_.lost()) {
        client_.stream.readiness().take_interrupt_back();
      } else if (ready < 0) {
        if (pins_.lost()) go_back();
        co_return;
      }
      // After a splice, or a read that exactly filled its block, a stream may only seem readable:
      // then the connection is still idle.
      const auto& block = client_.input.room(base::Block::kSmall);
      const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
      if (n == -EAGAIN && ready >= 0) continue;
      if (n <= 0) co_return;
      loop.spend(static_cast<size_t>(n));
      client_.input.filled(static_cast<size_t>(n));
    }
    works();
    Outcome outcome = co_await exchange();
    served_any_ = true;
    if (outcome.tunnel) {
      // The request's coroutine frames are gone; the tunnel uses only what it owns.
      outcome.exchange->settle();
      base::Slice first_bytes = client_.input.take_all();
      client_.input.release();
      auto running = outcome.tunnel->look(client_.stream, first_bytes);
      const bool looks = static_cast<bool>(running);
      if (!looks) running = outcome.tunnel->run(client_.stream, std::move(first_bytes));
      for (bool looking = looks;; looking = false) {
        auto ended =
            co_await async::Until<base::Result<void>>(std::move(running), client_.interrupt);
        if (looking && ended && *ended) {
          if (auto carrier = outcome.tunnel->carrier()) outcome.tunnel = std::move(carrier);
          running = outcome.tunnel->run(client_.stream, std::move(first_bytes));
          continue;
        }
        if (!ended) {
          // A reset: the client must not take a part for the whole, not even of a response that a
          // session inside sends.
          client_.stream.abort();
          outcome.exchange->set_ended(client_.interrupt.reason());
        } else if (*ended) {
          outcome.exchange->set_ended("complete");
        } else if (ended->error().type() != ErrorType::client_closed) {
          outcome.exchange->set_error(ended->error());
        }
        co_return;
      }
    }
    exchange_ = nullptr;
    outcome.exchange = nullptr;
    if (outcome.after == After::relay) co_return go_back();
    if (outcome.after == After::next && context_.connections.draining() && !more_is_there())
      outcome.after = After::linger;
    if (outcome.after == After::linger) co_await linger();
    if (outcome.after != After::next) co_return;
  }
}

async::Task<std::optional<base::Error>> Connection::read_head(http1::RequestParser& parser) {
  auto& loop = async::EventLoop::current();
  // The first head's timeout runs from the accept.
  const uint64_t started_ms = loop.now_ms();
  const uint64_t deadline_ms =
      (served_any_ ? started_ms : waiting_since_ms_) + client_.config.head_timeout_ms;
  if (way_back()) way_back()->forget();
  while (!parser.done()) {
    if (client_.input.empty()) {
      if (no_memory()) co_return no_memory_error();
      const bool undecided =
          way_back() && http1::start_of(way_back()->kept()) == http1::Start::undecided;
      const uint64_t until_ms =
          undecided ? std::min(deadline_ms, started_ms + kUndecidedMs) : deadline_ms;
      const ssize_t n =
          co_await client_.stream.read(client_.input.room(base::Block::kSmall), 0, until_ms);
      if (n == -ETIMEDOUT)
        co_return base::Error(ErrorType::http_request_error, 408,
                              "The request's head did not come in time.");
      if (n <= 0)
        co_return base::Error(ErrorType::client_closed, 400,
                              "The client's connection ended inside a request's head.");
      client_.input.filled(static_cast<size_t>(n));
    }
    auto fed = parser.feed(client_.input.view());
    if (!fed) co_return std::move(fed).error();
    if (way_back()) way_back()->keep(client_.input.view().substr(0, *fed));
    client_.input.consume(*fed);
  }
  co_return std::nullopt;
}

base::Ref<ClientExchange> Connection::begin(uint64_t started_ms) {
  auto exchange =
      base::make_ref<ClientExchange>(context_.journal, context_.pipeline, asker_, client_);
  exchange->started_wall_ms -= static_cast<int64_t>(exchange->started_ms - started_ms);
  exchange->started_ms = started_ms;
  return exchange;
}

async::Task<Connection::Outcome> Connection::exchange() {
  const uint64_t started_ms = async::EventLoop::current().now_ms();
  http1::RequestParser parser(
      {static_cast<uint32_t>(client_.config.head_bytes), client_.config.head_fields});
  /// Logs a request that is cancelled while its head is being read.
  struct Cut {
    Connection& self;
    http1::RequestParser& parser;
    const uint64_t started_ms;
    bool begun = false;
    ~Cut() {
      if (begun || !parser.started()) return;
      try {
        self.begin(started_ms)->request = parser.head();
      } catch (const std::bad_alloc&) {
      }
    }
  } cut{*this, parser, started_ms};
  std::optional<base::Error> fault;
  if (client_.input.empty() || !parser.done()) fault = co_await read_head(parser);
  if (!fault) {
    if (auto target = http::parse_target(*parser.head(), session().scheme); !target)
      fault = std::move(target).error();
  }
  Outcome outcome;
  // Inside a tunnel, a faulty head is relayed for the site to deal with. A fault that names a rule
  // comes from one of Weir's own limits, and Weir answers it.
  const bool refused_by_limit = fault && !fault->rule().empty();
  const bool is_for_site = !fault && http::is_for_opened(session(), *parser.head());
  if (way_back() && !refused_by_limit && !is_for_site) {
    cut.begun = true;
    outcome.after = After::relay;
    co_return outcome;
  }
  if (fault && !parser.started() && fault->status() != 431) {
    // Not a byte of a request has come: an idle connection ended, which is not logged. A first byte
    // that can't begin a request is logged.
    if (fault->type() == ErrorType::client_closed || fault->status() == 408) co_return outcome;
  }

  auto exchange = begin(started_ms);
  cut.begun = true;
  if (fault && fault->type() == ErrorType::client_closed) {
    exchange->request = parser.head();
    co_return outcome;
  }
  http::Request request;
  request.head = parser.take_head();
  if (!request.head) request.head = http::RequestHead::make();
  exchange->request = request.head;
  if (!fault && no_memory()) fault = no_memory_error();
  if (fault && fault->rule() == "limits.memory") among_.count_refused_for_memory();
  const bool refused = context_.admission && context_.admission->refuses(session());
  if (refused) {
    // Whatever the client sent, this is the only answer that it gets.
    fault =
        base::Error(ErrorType::http_request_denied,
                    "This proxy does not serve clients at " + session().client.address.text() + ".",
                    "clients")
            .with_remedy(
                "add the address, or a network that holds it, to `clients` of the [[listener]] in "
                "the configuration.");
  }
  if (session().over_limit) {
    fault =
        base::Error(ErrorType::connection_limit_reached,
                    "There are too many connections from " + session().client.address.text() + ".",
                    "limits.connections_per_client");
  }
  request.asker = asker_;
  request.exchange = exchange;
  request.pins = &pins_;

  exchange_ = exchange.get();
  client_.content = ContentState();
  client_.answered = client_.drips = false;
  RequestFacts facts{request.head->method, request.head->version, parser.keep_alive()};
  if (fault) {
    facts.keep_alive = false;
    request.head->fault = std::move(fault);
  } else if (parser.framing().kind != http1::Framing::Kind::none &&
             (parser.framing().kind != http1::Framing::Kind::length ||
              parser.framing().length > 0)) {
    client_.content = {.expected = true,
                       .complete = false,
                       .begun = !client_.input.empty(),
                       .expects_continue = parser.expects_continue(),
                       .length_known = parser.framing().kind == http1::Framing::Kind::length};
    request.expects_continue = parser.expects_continue() && client_.input.empty();
    request.body = std::make_unique<ClientBody>(client_, *exchange, parser.framing());
  }
  if (facts.method == http::Method::connect || refused || context_.connections.draining())
    facts.keep_alive = false;
  facts.pins = &pins_;
  pins_.client_is_done = !parser.keep_alive();
  pins_.client_closes = pins_.client_is_done && !parser.asks_to_keep();
  facts.ends = &context_.connections.draining();
  if (base::debug_enabled) print_request(*request.head);
  client_.input.release();  // An exchange may last long; RequestHead holds all it needs.

  // Not inside a tunnel that may relay again: there, what the client sends is passed on at once.
  std::optional<ClientEnd> client_end;
  if (!way_back()) client_end.emplace(client_, *exchange);
  auto served = co_await async::Until<base::Result<Served>>(
      serve(std::move(request), exchange.get(), facts), client_.interrupt);
  client_end.reset();
  finish(*exchange, served);
  if (served && *served) {
    pins_.served = true;
    outcome.tunnel = std::move((*served)->tunnel);
    if (outcome.tunnel) outcome.exchange = std::move(exchange);
    outcome.after = (*served)->keep && !pins_.lost() ? After::next : After::linger;
  }
  // The relay must not go on serving a client that was cut.
  const bool ended_well = served && (*served || served->error().unanswered());
  if (!way_back() || !ended_well) co_return outcome;
  if (!way_back()->taken()) way_back()->forget();
  // The origin may have spoken, or ended, while the answer was still on its way to the client.
  const bool spoke = pins_.lost() && client_.content.complete && pins_.holds(authority());
  if (!way_back()->taken() && !spoke) co_return outcome;
  if (!*served) exchange->set_ended("relayed");
  if (!client_.pending.empty()) {
    base::Slice pending = base::Slice::copy_of(std::exchange(client_.pending, {}));
    const ssize_t written = co_await client_.stream.write(
        {std::move(pending)}, client_.config.write_timeout_ms, &exchange->sent);
    if (written < 0) {
      outcome.after = After::drop;
      co_return outcome;
    }
  }
  outcome.after = After::relay;
  co_return outcome;
}

void Connection::finish(http::Exchange& exchange,
                        const std::optional<base::Result<Served>>& served) {
  if (!served) {
    exchange.set_ended(client_.interrupt.reason());
  } else if (!*served) {
    if (served->error().type() != ErrorType::client_closed) exchange.set_error(served->error());
  } else if (!(*served)->tunnel) {
    exchange.set_ended("complete");
  }
}

async::Task<base::Result<Served>> Connection::serve(http::Request request, http::Exchange* exchange,
                                                    RequestFacts facts) {
  const http::Next first = exchange->pipeline->first();
  CO_TRY(http::Response response, co_await first(std::move(request)));
  co_return co_await respond(client_, *exchange, std::move(response), facts);
}

bool Connection::more_is_there() {
  if (!client_.input.empty()) return true;
  const auto& block = client_.input.room(base::Block::kSmall);
  const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
  if (n > 0) client_.input.filled(static_cast<size_t>(n));
  return n > 0;
}

/// Lets a client that is still sending see its answer: closing with unread bytes would reset the
/// connection under it.
async::Task<void> Connection::linger() {
  auto& loop = async::EventLoop::current();
  client_.stream.readiness().on_broken = nullptr;
  client_.input.take_all();
  client_.stream.shut_down_writes();
  const uint64_t end_ms = loop.now_ms() + client_.config.linger_ms;
  uint64_t dropped = 0;
  // The loop checks the time itself: while there is always more to read, no deadline is checked.
  while (dropped < client_.config.linger_bytes && loop.now_ms() < end_ms) {
    client_.input.release();
    const uint64_t deadline_ms = std::min(end_ms, loop.now_ms() + client_.config.linger_silence_ms);
    const ssize_t ready = co_await client_.stream.until_readable(deadline_ms);
    if (ready < 0) co_return;
    const ssize_t n =
        co_await client_.stream.read(client_.input.room(base::Block::kSmall), 0, deadline_ms);
    if (n <= 0) co_return;
    dropped += static_cast<uint64_t>(n);
  }
}

}  // namespace weir::server
