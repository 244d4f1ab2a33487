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

}  // namespace

Policy::Policy(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const http::OwnNames> own)
    : rules_(std::move(rules)), own_(std::move(own)) {}

base::Result<base::Ref<const Decision>> Policy::decide(const Question& question) const {
  base::Ref<const Decision>& last = last_[place_of(question.host) % last_.size()];
  if (!last || last->question() != question) {
    TRY(last, policy::decide(*rules_, question));
  }
  return last;
}

async::Task<base::Result<http::Response>> Policy::handle(http::Request& request,
                                                         http::Next next) const {
  const http::Target& target = request.head->target;
  const http::Session& session = request.session();
  const bool connects = request.head->method == http::Method::connect;
  // A plain request to our own address is answered by Weir itself; a CONNECT to it meets the rules
  // like any other.
  const bool own =
      connects ? own_->is_own_name(target.host) : session.own || own_->covers(target, session);
  auto decision = decide({.listener = session.listener,
                          .identity = request.asker->identity,
                          .host = target.host,
                          .port = target.port,
                          .own = own});
  if (!decision) return http::fail_with(std::move(decision).error());
  request.exchange->decision = *decision;
  request.decision = *std::move(decision);
  return next(request);
}

}  // namespace weir::policy
