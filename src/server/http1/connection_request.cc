// One request on an HTTP/1 connection.
#include <algorithm>
#include <cerrno>
#include <new>

#include "base/event_log.h"
#include "base/text.h"
#include "codec/http1/request_start.h"
#include "http/no_memory.h"
#include "http/target_parse.h"
#include "server/http1/client_body.h"
#include "server/http1/client_end.h"
#include "server/http1/connection.h"

namespace weir::server {

using base::ErrorType;

namespace {

/// --debug: prints the request line as it came, and the URL that Weir takes it for.
void print_request(const http::RequestHead& head) {
  std::string line(head.method_token);
  line.append(" ").append(head.raw_target).append(" ").append(text_of(head.version));
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

/// Not a byte of a request has come: an idle connection ended, which is not logged. A first byte
/// that can't begin a request is logged.
bool nothing_came(const http1::RequestParser& parser, const base::Error& fault) {
  return !parser.started() && fault.status() != 431 &&
         (fault.type() == ErrorType::client_closed || fault.status() == 408);
}

bool has_content(const http1::Framing& framing) {
  return framing.kind != http1::Framing::Kind::none &&
         (framing.kind != http1::Framing::Kind::length || framing.length > 0);
}

}  // namespace

async::Task<std::optional<base::Error>> Connection::read_head(http1::RequestParser& parser) {
  auto& loop = async::EventLoop::current();
  // The first head's timeout runs from the accept.
  const uint64_t started_ms = loop.now_ms();
  const uint64_t deadline_ms =
      (served_any_ ? started_ms : waiting_since_ms_) + client_.config->head_timeout_ms;
  if (way_back()) way_back()->forget();
  while (!parser.done()) {
    if (client_.input.empty()) {
      if (http::no_memory()) co_return http::no_memory_error();
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

bool Connection::is_for_relay(const http1::RequestParser& parser,
                              const std::optional<base::Error>& fault) const {
  if (!way_back()) return false;
  if (!fault) return !http::is_for_opened(session(), *parser.head());
  // A faulty head is relayed for the site to deal with. A fault that names a rule comes from one of
  // Weir's own limits, and Weir answers it.
  return fault->rule().empty();
}

base::Ref<ClientExchange> Connection::begin(uint64_t started_ms,
                                            base::Ref<http::RequestHead> head) {
  use_current_config();  // The head may have taken long.
  auto exchange = base::make_ref<Http1ClientExchange>(context_, asker_, client_, started_ms);
  exchange->request = std::move(head);
  return exchange;
}

http::Request Connection::make_request(http1::RequestParser& parser,
                                       std::optional<base::Error> fault, ClientExchange& exchange) {
  http::Request request;
  request.head = exchange.request;
  request.asker = asker_;
  request.exchange = base::Ref<http::Exchange>(&exchange);
  request.pins = &pins_;
  client_.content = ContentState();
  client_.answered = client_.drips = false;
  const http1::Framing framing = parser.framing();
  if (fault) {
    request.head->fault = std::move(fault);
  } else if (has_content(framing)) {
    client_.content = {.expected = true,
                       .complete = false,
                       .begun = !client_.input.empty(),
                       .expects_continue = parser.expects_continue(),
                       .length_known = framing.kind == http1::Framing::Kind::length};
    request.expects_continue = parser.expects_continue() && client_.input.empty();
    request.body = std::make_unique<ClientBody>(client_, exchange, framing);
  }
  return request;
}

Persistence Connection::persistence_of(const http1::RequestParser& parser,
                                       const http::RequestHead& head) {
  const bool& draining = context_.connections.draining();
  pins_.client_is_done = !parser.keep_alive();
  pins_.client_closes = pins_.client_is_done && !parser.asks_to_keep();
  const bool keep_alive = parser.keep_alive() && !head.fault && !session().fault &&
                          head.method != http::Method::connect && !draining;
  return {head.version, keep_alive, pins_, draining};
}

async::Task<Connection::Outcome> Connection::exchange() {
  const uint64_t started_ms = async::EventLoop::current().now_ms();
  use_current_config();
  http1::RequestParser parser(
      {static_cast<uint32_t>(client_.config->head_bytes), client_.config->head_fields});
  /// Logs a request that is cancelled while its head is being read.
  struct Cut {
    Connection& self;
    http1::RequestParser& parser;
    const uint64_t started_ms;
    bool read = false;
    ~Cut() {
      if (read || !parser.started()) return;
      try {
        self.begin(started_ms, parser.head());
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
  cut.read = true;
  Outcome outcome;
  if (is_for_relay(parser, fault)) {
    outcome.after = After::relay;
    co_return outcome;
  }
  if (fault && nothing_came(parser, *fault)) co_return outcome;
  if (fault && fault->type() == ErrorType::client_closed) {
    begin(started_ms, parser.head());
    co_return outcome;
  }
  if (fault && fault->rule() == "limits.memory") among_.count_refused_for_memory();

  auto head = parser.take_head();
  if (!head) head = http::RequestHead::make();
  auto exchange = begin(started_ms, std::move(head));
  http::Request request = make_request(parser, std::move(fault), *exchange);
  Http1Responder responder(client_, exchange->sent, persistence_of(parser, *request.head));
  exchange_ = exchange.get();
  if (base::debug_enabled) print_request(*request.head);
  client_.input.release();  // An exchange may last long; RequestHead holds all it needs.

  RequestWork work(exchange, responder, client_.interrupt);
  // Not inside a tunnel that may relay again: there, what the client sends is passed on at once.
  std::optional<ClientEnd> client_end;
  if (!way_back()) client_end.emplace(client_, *exchange);
  RequestWork::Ended ended = co_await work.run(request);
  client_end.reset();
  if (ended && *ended) {
    pins_.served = true;
    outcome.tunnel = **std::move(ended);
    outcome.after = responder.keeps_connection() && !pins_.lost() ? After::next : After::linger;
  }
  if (relays_after(ended)) {
    if (!*ended) exchange->set_ended("relayed");
    outcome.after = co_await before_relay(exchange);
  }
  if (outcome.tunnel) outcome.exchange = std::move(exchange);
  co_return outcome;
}

bool Connection::relays_after(const RequestWork::Ended& ended) {
  // The relay must not go on serving a client that was cut.
  const bool ended_well = ended && (*ended || ended->error().unanswered());
  if (!way_back() || !ended_well) return false;
  if (way_back()->taken()) return true;
  way_back()->forget();
  // The origin may have spoken, or ended, while the answer was still on its way to the client.
  return pins_.lost() && client_.content.complete && pins_.holds(authority());
}

async::Task<Connection::After> Connection::before_relay(base::Ref<ClientExchange> exchange) {
  if (client_.pending.empty()) co_return After::relay;
  base::Slice pending = base::Slice::copy_of(std::exchange(client_.pending, {}));
  const ssize_t written = co_await client_.stream.write(
      {std::move(pending)}, client_.config->write_timeout_ms, &exchange->sent);
  co_return written < 0 ? After::drop : After::relay;
}

}  // namespace weir::server
