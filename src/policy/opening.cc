#include "policy/opening.h"

#include "policy/points.h"

namespace weir::policy {
namespace {

/// One of the two names of a CONNECT.
struct Asked {
  Facts facts;
  Outcome outcome;
  HostOpening opening;
};

Asked ask(const Rulebook& book, Facts facts, LocalTime now) {
  facts.now = now;
  // As at the request, where the address is not known either: it has been asked about.
  Outcome outcome = judge(book, facts, Point::request, true);
  HostOpening opening = opening_of(book.opening, facts.host, facts.literal, outcome.opening);
  return {facts, outcome, opening};
}

/// An address is no name that a ClientHello could have (RFC 6066, section 3), and behind an
/// encrypted one there is another.
bool must_match(const OpeningPlan& plan, const Question& question, std::string_view name,
                bool encrypted, bool by_default) {
  if (name.empty() || encrypted || question.literal) return false;
  return plan.sni() == SniCheck::match || (plan.sni() == SniCheck::by_default && by_default);
}

bool only_inside_allows(const Outcome& outcome) {
  return !outcome.allowed && outcome.allow_waits_inside;
}

}  // namespace

HostOpening opening_of(const OpeningPlan& plan, std::string_view host, bool literal,
                       const Rule* rule) {
  if (!plan.on()) return {};
  if (const std::string_view why = plan.bypassed(host, literal); !why.empty())
    return {.never = true, .why = why};
  if (rule) {
    const bool open = rule->action == Action::open;
    return {.open = open, .never = !open, .rule = open ? rule : nullptr, .why = rule->name};
  }
  const OpeningPlan::Said said = plan.of(host, literal);
  return {.open = said.open, .why = said.why};
}

bool allows_by_host(const Outcome& outcome) {
  const Rule* const rule = outcome.undecided_allow ? outcome.undecided_allow : outcome.rule;
  return rule && rule->action == Action::allow &&
         (rule->names_hosts() || !rule->condition.what.lists.empty());
}

http::Opening not_opened(const OpeningPlan& plan, const Question& question, std::string_view name,
                         bool encrypted, bool by_host) {
  return {.match_name = must_match(plan, question, name, encrypted, by_host)};
}

http::Opening opening_for(const Rulebook& book, const Question& question, std::string_view name,
                          bool encrypted, LocalTime now) {
  const OpeningPlan& plan = book.opening;
  const Asked host = ask(book, facts_of(book, question), now);
  const bool by_host = allows_by_host(host.outcome);
  if (!plan.on()) return not_opened(plan, question, name, encrypted, by_host);
  const bool same = name.empty() || name == question.host;
  const Asked named =
      same ? host : ask(book, facts_at_server_name(book, question, std::nullopt, name), now);
  const Asked& counts = encrypted && !same ? host : named;
  const Asked& says = host.opening.never ? host : named.opening.never ? named : counts;

  http::Opening made;
  made.open = says.opening.open;
  made.why = says.opening.why;
  made.needed = only_inside_allows(host.outcome) || only_inside_allows(named.outcome) ||
                (made.open && (host.outcome.deny_waits_inside || named.outcome.deny_waits_inside));
  made.match_name = must_match(plan, question, name, encrypted, made.open || by_host);
  const Rule* const rule = says.opening.rule;
  const OnReject on_reject =
      rule && rule->on_reject != OnReject::unset ? rule->on_reject : plan.on_reject();
  made.step_aside = !made.needed && on_reject == OnReject::tunnel;
  made.relay_bad_origin =
      !made.needed && plan.relays_bad_origin(counts.facts.host, counts.facts.literal);
  return made;
}

}  // namespace weir::policy
