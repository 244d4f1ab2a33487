#include "proxy/policy_review.h"

namespace weir::proxy {
namespace {
constexpr uint64_t kAskAgainMs = 2000;

/// The request's head; null if it is of another target, as after a restart. Of a WebSocket only the
/// request line is left, which has all that rules ask of it beside its being one.
base::Ref<http::RequestHead> head_of(const http::Exchange& exchange,
                                     const policy::Question& question) {
  if (exchange.request) {
    const bool same = exchange.request->target.host == question.host;
    return same ? exchange.request : base::Ref<http::RequestHead>();
  }
  if (!exchange.settled() || question.connect) return {};
  const std::string_view line = exchange.request_line();
  const size_t space = line.find(' '), end = line.rfind(' ');
  if (space >= end) return {};
  const std::string_view url = line.substr(space + 1, end - space - 1);
  const size_t path = url.starts_with('/') ? 0 : url.find_first_of("/?", url.find("://") + 3);
  auto head = http::RequestHead::make();
  head->method_token = line.substr(0, space);
  head->target.host = question.host;
  head->target.path = path == url.npos ? "/" : url.substr(path);
  return head;
}

/// A tunnel whose TLS is relayed can't be opened any more. So it must end if the rules now need to
/// see what is inside.
base::Result<void> check_what_is_hidden(const policy::Decision& decision,
                                        const http::Exchange& exchange) {
  if (!decision.opening(exchange.sni, false).needed) return {};
  return base::fail(base::ErrorType::http_request_denied,
                    "Only what is inside could be allowed, and it is not opened.",
                    "intercept.needed");
}
}  // namespace

void PolicyReview::begin() {
  asking_.cancel_all();
  asking_.spawn(ask_all());
}

async::Task<void> PolicyReview::ask_all() {
  // What is still connecting connects by the earlier decision; it is asked about once it is
  // connected.
  while (!co_await finished()) {
    async::Sleep nap(async::EventLoop::current().now_ms() + kAskAgainMs);
    co_await nap;
  }
}

async::Task<bool> PolicyReview::finished() {
  bool again = false;
  // Stands in the list between the exchanges that were looked at and the others: those may end, and
  // new ones may begin, while this waits.
  async::Link place;
  place.link_before(*live_.next());
  while (!look_at_slice(place, again)) {
    async::Yield turn;
    co_await turn;
  }
  co_return !again;
}

bool PolicyReview::look_at_slice(async::Link& place, bool& again) {
  for (size_t i = 0; i < kSlice; ++i) {
    async::Link* const next = place.next();
    if (next == &live_) return true;
    place.unlink();
    place.link_before(*next->next());
    again |= look_at(static_cast<http::Exchange&>(*next));
  }
  return false;
}

base::Result<base::Ref<const policy::Decision>> PolicyReview::decide(
    http::Exchange& exchange) const {
  // All decisions that exchanges keep come from policy::decide.
  const auto& before = static_cast<const policy::Decision&>(*exchange.decision);
  const policy::RuleSet& rules = *snapshot_->parts->rules;
  policy::Question question = before.question();
  std::string path;
  const base::Ref<http::RequestHead> kept = head_of(exchange, question);
  const http::RequestHead* const head = kept.get();
  const bool websocket = exchange.status == 101;
  if (const auto& book = rules.book_for(question)) {
    // The rules may ask for more now than they did then.
    add_what_rules_ask(question, *book, exchange.session().client.address, head, websocket, path);
  }
  policy::Decided decided = policy::decide(rules, question);
  exchange.verdict = std::move(decided.verdict);
  TRY(auto decision, std::move(decided.decision));
  if (exchange.peer.port != 0) {
    CHECK_OK(
        decision->check_address(exchange.peer_source, exchange.peer.address, exchange.peer.port));
  }
  if (exchange.peer_aliases) {
    CHECK_OK(decision->check_aliases(*exchange.peer_aliases));
    if (head)
      CHECK_OK(
          decision->check_aliases(*exchange.peer_aliases, exchange.peer.address, *head, websocket));
  }
  exchange.allowance = decision->limit();
  if (question.connect) decision->limit_by_peer(exchange);
  if (!exchange.sni.empty()) CHECK_OK(decision->check_server_name(exchange.sni, exchange));
  if (exchange.tls == http::TlsInside::tunnelled)
    CHECK_OK(check_what_is_hidden(*decision, exchange));
  if (exchange.known().answered)
    CHECK_OK(decision->check_content(exchange, exchange.known().counted, head, websocket));
  return decision;
}

bool PolicyReview::look_at(http::Exchange& exchange) const {
  if (clients_.refuses(exchange.session())) {
    exchange.cancel("policy_changed");
    return false;
  }
  const bool connects = exchange.peer.port == 0 && exchange.status == 0;
  // One without a decision is asked about by the pipeline that it began with, and then again here.
  if (!exchange.decision) return connects && exchange.pipeline.get() != pipeline_.get();
  if (exchange.decision->generation() == snapshot_->parts->rules->generation) return false;
  auto decided = decide(exchange);
  if (!decided) {
    exchange.cancel("policy_changed");
    return false;
  }
  if (!connects) exchange.decision = *std::move(decided);
  return connects;
}

}  // namespace weir::proxy
