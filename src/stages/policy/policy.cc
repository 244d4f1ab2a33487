#include "stages/policy/policy.h"

#include "policy/request_kind.h"
#include "policy/request_page.h"
#include "stages/policy/counted_body.h"

namespace weir::policy {
namespace {

/// The host tells most questions apart. A cheap hash is enough: if two hosts share a place, the
/// rules are asked once more.
size_t place_of(std::string_view host) {
  if (host.empty()) return 0;
  const auto letter = [&](size_t at) { return static_cast<size_t>(host[at]); };
  return host.size() + letter(0) * 3 + letter(host.size() / 2) * 5 + letter(host.size() / 4) * 11 +
         letter(host.size() - 1) * 7;
}

/// 307, so that the method stays (RFC 9110, 15.4.8).
http::Response redirection(std::string_view to) {
  http::Response response =
      http::text_response(307, "text/plain; charset=utf-8",
                          "A rule of the proxy sends you to " + std::string(to) + "\n");
  response.head->fields.add(http::FieldId::location, to);
  return response;
}

bool asks_several_ranges(const http::RequestHead& head) {
  return head.fields.get(http::FieldId::range).find(',') != std::string_view::npos;
}

void note_purpose(const http::Request& request) {
  const ContentKinds kinds = kinds_of(*request.head, request.upgrade == http::Upgrade::websocket);
  http::Particulars& known = request.exchange->note();
  known.type = text_of(kinds);
  known.page = page_of(*request.head, kinds);
}

}  // namespace

Policy::Policy(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const http::OwnNames> own,
               Notes notes, ReadsInside reads_inside)
    : rules_(std::move(rules)),
      own_(std::move(own)),
      notes_(notes),
      reads_inside_(std::move(reads_inside)) {}

Decided Policy::decide(const Question& question, const Selection* selection) const {
  base::Ref<const Decision>& last = last_[place_of(question.host) % last_.size()];
  if (last && last->is_for(question)) return {last, last->verdict()};
  Decided decided = policy::decide(*rules_, question, selection);
  if (decided.decision) last = *decided.decision;
  return decided;
}

Question Policy::question_of(const http::Request& request) const {
  const http::Target& target = request.head->target;
  const http::Session& session = request.session();
  const bool connects = request.head->method == http::Method::connect;
  return {.listener = session.listener,
          .identity = request.asker->identity,
          .host = target.host,
          .port = target.port,
          .own = own_->answers(*request.head, session),
          .literal = target.literal,
          .connect = connects};
}

base::Ref<const Decision> Policy::shown(const http::Request& request,
                                        const Decided& refused) const {
  if (request.head->method != http::Method::connect || !reads_inside_ || !reads_inside_(request))
    return {};
  return shown_refusal(*rules_, question_of(request), refused);
}

Decided Policy::ask(const http::Request& request) const {
  const http::Session& session = request.session();
  Question question = question_of(request);
  std::string path;
  std::optional<Selection> selection;
  if (const auto& book = rules_->book_for(question)) {
    selection = add_what_rules_ask(question, *book, session.client.address, request.head.get(),
                                   request.upgrade == http::Upgrade::websocket, path);
  }
  return decide(question, selection ? &*selection : nullptr);
}

async::Task<base::Result<http::Response>> Policy::handle(http::Request& request,
                                                         http::Next next) const {
  if (notes_ == Notes::purpose) note_purpose(request);
  Decided decided = ask(request);
  http::Exchange& exchange = *request.exchange;
  exchange.verdict = std::move(decided.verdict);
  if (!decided.redirect_to.empty()) return http::answer(redirection(decided.redirect_to));
  if (!decided.decision) {
    const auto shown_inside = shown(request, decided);
    if (!shown_inside) return http::fail_with(std::move(decided.decision).error());
    decided.decision = shown_inside;
  }
  const base::Ref<const Decision> decision = *std::move(decided.decision);
  exchange.decision = decision;
  request.decision = decision;
  // Range is optional (RFC 9110, 14.2): the whole content says what it is, its parts would not.
  if (decision->asks_content() && asks_several_ranges(*request.head))
    request.head->fields.remove(http::FieldId::range);
  if (!decision->counts()) return next(request);
  if (const base::Ref<Limit>& limit = decision->limit()) {
    if (auto left = limit->check(); !left) return http::fail_with(std::move(left).error());
    exchange.allowance = limit;
  }
  return counted(request, next);
}

async::Task<base::Result<http::Response>> Policy::counted(http::Request& request,
                                                          http::Next next) const {
  // A restart comes by again.
  if (request.body && !dynamic_cast<CountedBody*>(request.body.get()))
    request.body = std::make_unique<CountedBody>(std::move(request.body), request.exchange,
                                                 CountedBody::Of::request);
  auto response = co_await next(request);
  if (!response || response->restart) co_return response;
  if (response->tunnel)
    static_cast<const Decision&>(*request.exchange->decision).limit_by_peer(*request.exchange);
  if (response->body)
    response->body = std::make_unique<CountedBody>(std::move(response->body), request.exchange,
                                                   CountedBody::Of::response);
  co_return response;
}

}  // namespace weir::policy
