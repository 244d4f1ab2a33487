#include "policy/refusal.h"

#include <string>

#include "base/units.h"

namespace weir::policy {
namespace {

/// Names of hosts come from the wire, and are as long as their sender wants.
std::string shown(std::string_view what) {
  constexpr size_t kMost = 300;
  std::string text(what.substr(0, kMost));
  return what.size() > kMost ? text + "..." : text;
}

/// Pages are for clients, who have no business with the machine's folders; the log has them.
std::string without_folders(const std::string& place) {
  return place.substr(place.rfind('/') + 1);
}

std::string remedy_for(const Rule& rule) {
  if (rule.grant != 0) return "run `weir revoke " + std::to_string(rule.grant) + "`";
  return rule.place.empty() ? "change the rule \"" + rule.name + "\""
                            : "change the rule in " + without_folders(rule.place);
}

}  // namespace

base::Error refusal(const Rulebook& book, const Outcome& outcome, std::string_view what) {
  using base::Error, base::ErrorType;
  const Rule* const rule = outcome.rule;
  if (!rule) {
    return Error(ErrorType::http_request_denied, "No rule allows " + shown(what) + '.',
                 std::string(kDefaultRule))
        .with_remedy("write a rule with action = \"allow\" that has it")
        .by_owners_rule();
  }
  std::string detail = rule->grant != 0 ? "Somebody has blocked " + shown(what)
                                        : "The rule \"" + rule->name + "\" denies " + shown(what);
  std::string list;
  if (outcome.hit) list = book.lists->place_of(*outcome.hit);
  if (!list.empty()) detail += ", which is in " + without_folders(list);
  detail += '.';
  if (!rule->when.always()) detail += " It holds " + rule->when.text() + '.';
  return Error(ErrorType::http_request_denied, std::move(detail), rule->name)
      .with_remedy(remedy_for(*rule))
      .with_list(std::move(list))
      .by_owners_rule();
}

base::Error refusal_of_limit(const Rule& rule) {
  return base::Error(base::ErrorType::http_request_denied,
                     "The rule \"" + rule.name + "\" gives you " +
                         base::size_text(rule.bytes_per_day) +
                         " a day, and today's are used up. The next day begins at 00:00.",
                     rule.name)
      .with_remedy(remedy_for(rule))
      .by_owners_rule();
}

base::Ref<const http::Verdict> verdict_of(const Rulebook& book, const Outcome& outcome) {
  const Rule* const would_be = outcome.would ? outcome.would : outcome.would_opening;
  if (!outcome.rule && !would_be && outcome.allowed) return {};
  base::KeptText rule, list, would;
  if (outcome.rule) {
    rule = outcome.rule->name;
  } else if (!outcome.allowed) {
    rule = kDefaultRule;
  }
  if (outcome.hit) list = book.lists->place_of(*outcome.hit);
  if (would_be) would = would_be->name;
  return base::make_ref<http::Verdict>(std::move(rule), std::move(list), std::move(would),
                                       outcome.rule ? outcome.rule->grant : 0);
}

}  // namespace weir::policy
