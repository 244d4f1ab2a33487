#include "stages/policy/policy.h"

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

}  // namespace

Policy::Policy(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const http::OwnNames> own)
    : rules_(std::move(rules)), own_(std::move(own)) {}

Decided Policy::decide(const Question& question) const {
  base::Ref<const Decision>& last = last_[place_of(question.host) % last_.size()];
  if (last && last->question() == question) return {last, last->verdict()};
  Decided decided = policy::decide(*rules_, question);
  if (decided.decision) last = *decided.decision;
  return decided;
}

Question Policy::question_of(const http::Request& request, std::string& path) const {
  const http::Target& target = request.head->target;
  const http::Session& session = request.session();
  const bool connects = request.head->method == http::Method::connect;
  Question question{.listener = session.listener,
                    .identity = request.asker->identity,
                    .host = target.host,
                    .port = target.port,
                    .own = own_->answers(*request.head, session),
                    .literal = target.literal,
                    .connect = connects};
  if (const auto& book = rules_->book_for(question))
    add_what_rules_ask(question, *book, session.client.address, request.head.get(),
                       request.upgrade == http::Upgrade::websocket, path);
  return question;
}

async::Task<base::Result<http::Response>> Policy::handle(http::Request& request,
                                                         http::Next next) const {
  std::string path;
  Decided decided = decide(question_of(request, path));
  http::Exchange& exchange = *request.exchange;
  exchange.verdict = std::move(decided.verdict);
  if (!decided.redirect_to.empty()) return http::answer(redirection(decided.redirect_to));
  if (!decided.decision) return http::fail_with(std::move(decided.decision).error());
  exchange.decision = *decided.decision;
  request.decision = *std::move(decided.decision);
  return next(request);
}

}  // namespace weir::policy
