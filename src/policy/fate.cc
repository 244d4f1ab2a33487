#include "policy/fate.h"

#include <algorithm>
#include <span>

namespace weir::policy {
namespace {

/// Whether `seen` waits for what was not told, so that it makes a difference here for some values
/// of it. An allow also does where more has to be known later: then the request goes on.
bool waits_for(const RuleSeen& seen, const Unknown& unknown) {
  if (seen.looked != Looked::undecided && seen.looked != Looked::never_known) return false;
  const Rule& rule = *seen.seen;
  if (rule.audit || !decides(rule.action) || !seen.unknown.meets(unknown.untold)) return false;
  // A list may have what is asked for by one of the facts, and never need the other.
  if (!rule.condition.what.lists.empty() || !rule.condition.but_not.lists.empty()) return true;
  const bool allows = rule.action == Action::allow;
  return seen.unknown.within(allows ? unknown.untold | unknown.later : unknown.untold);
}

constexpr FactSet shared(FactSet one, FactSet other) {
  return one - (one - other);
}

/// What evaluation saw before a rule decided.
std::span<const RuleSeen> until_decided(const Outcome& outcome, const std::vector<RuleSeen>& seen) {
  if (!outcome.rule) return seen;
  const auto decides = std::ranges::find(seen, outcome.rule, &RuleSeen::seen);
  return {seen.begin(), decides};
}

/// The request goes on in order to learn what an allow asks for, and what no point before knows.
bool goes_on_to_learn(std::span<const RuleSeen> before, const Unknown& unknown) {
  return std::ranges::any_of(before, [&](const RuleSeen& each) {
    return each.looked == Looked::undecided && each.seen->action == Action::allow &&
           !each.seen->audit && !waits_for(each, unknown);
  });
}

}  // namespace

Fate fate_of(const Outcome& outcome, const std::vector<RuleSeen>& seen, const Unknown& unknown) {
  Fate fate;
  const auto before = until_decided(outcome, seen);
  const bool passes = outcome.allowed || goes_on_to_learn(before, unknown);
  (passes ? fate.may_pass : fate.may_stop) = true;
  // Upwards, since a rule that says the same as all that may decide below it changes nothing.
  for (size_t i = before.size(); i-- > 0;) {
    if (!waits_for(before[i], unknown)) continue;
    const bool allows = before[i].seen->action == Action::allow;
    if (allows ? !fate.may_stop : !fate.may_pass) continue;
    fate.may_pass |= allows;
    fate.may_stop |= !allows;
    fate.missing = fate.missing | shared(before[i].unknown, unknown.untold);
    fate.first = &before[i];
  }
  return fate;
}

}  // namespace weir::policy
