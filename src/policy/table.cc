#include "policy/table.h"

#include <algorithm>

#include "policy/rule_index.h"

namespace weir::policy {
namespace {

template <class Each>
void for_all(const Table& table, Each each) {
  for (const auto* const rules : {&table.guards, &table.grants, &table.rules, &table.presets})
    for (const Rule& rule : *rules) each(rule);
}

class Evaluation {
 public:
  Evaluation(const Table& table, const Asking& asking) : table_(table), asking_(asking) {}

  Outcome run() && {
    outcome_.allowed = table_.allow_by_default;
    if (asking_.candidates)
      asking_.candidates->all([this](size_t number) { ask(number); });
    else
      for (size_t number = 0; number < table_.size(); ++number) ask(number);
    return outcome_;
  }

 private:
  bool decided() const { return outcome_.rule != nullptr; }

  /// Whether what such a rule could say has been said.
  bool is_said(Action action) const {
    switch (action) {
      case Action::limit: return outcome_.limit != nullptr;
      case Action::open:
      case Action::tunnel: return outcome_.opening != nullptr;
      default: return decided();
    }
  }

  /// After the decision only limits and rules about opening are of interest.
  void ask(size_t number) {
    const Rule& rule = table_.at(number);
    number_ = number;
    if (is_said(rule.action)) return;
    std::optional<ListHit> hit;
    const Looked looked = look_at(rule, hit);
    if (looked == Looked::undecided || looked == Looked::never_known) note_unknown(rule, looked);
    if (looked == Looked::audited) note_audited(rule);
    if (looked == Looked::decides) take(rule, hit);
    if (asking_.visitor) asking_.visitor->looked_at(rule, looked, hit);
  }

  void note_audited(const Rule& rule) {
    if (rule.action == Action::limit) return;
    const Rule*& would = decides(rule.action) ? outcome_.would : outcome_.would_opening;
    if (!would) would = &rule;
  }

  Looked look_at(const Rule& rule, std::optional<ListHit>& hit) const {
    const bool opens = rule.action == Action::open || rule.action == Action::tunnel;
    if (opens && !asking_.opening) return Looked::nothing_to_open;
    if (!is_for(rule.condition, asking_.facts.who)) return Looked::not_for_them;
    if (!rule.when.has(asking_.facts.now)) return Looked::not_now;
    if (paused_ && rule.action == Action::filter) return Looked::paused;
    if (is_itself(rule)) return Looked::no_match;
    switch (holds_for(rule, hit)) {
      case Holds::no: return Looked::no_match;
      case Holds::unknown:
        return (rule.needs - known_).within(asking_.later) ? Looked::undecided
                                                           : Looked::never_known;
      case Holds::yes: break;
    }
    return rule.audit ? Looked::audited : Looked::decides;
  }

  /// An allow has to hold however a server reads the path; for any other rule one reading is
  /// enough.
  Holds holds_for(const Rule& rule, std::optional<ListHit>& hit) const {
    const Holds holds = is_about(rule.condition, asking_.facts, asking_.lists, hit);
    if (asking_.facts.other_path.empty() || !rule.needs.has(Fact::url)) return holds;
    const bool allows = rule.action == Action::allow;
    if (holds == (allows ? Holds::no : Holds::yes)) return holds;
    Facts other = asking_.facts;
    other.path = other.other_path;
    other.other_reading = true;
    const Holds too = is_about(rule.condition, other, asking_.lists, hit);
    return allows ? both(holds, too) : either(holds, too);
  }

  bool is_itself(const Rule& rule) const {
    const Facts& facts = asking_.facts;
    return rule.itself && facts.path && facts.https &&
           rule.itself->matches({*facts.https, facts.host, facts.port, *facts.path});
  }

  void note_unknown(const Rule& rule, Looked looked) {
    if (rule.action == Action::open || rule.action == Action::tunnel) return;
    const bool waits = looked == Looked::undecided && !rule.audit;
    const bool waits_inside = waits && (rule.needs - known_).meets(kInside);
    if (rule.audit || rule.action != Action::allow) {
      outcome_.may_narrow = true;
      outcome_.deny_waits_inside |= waits_inside && rule.must_see;
      return;
    }
    outcome_.allow_waits_inside |= waits_inside;
    if (waits && !outcome_.undecided_allow) {
      outcome_.undecided_allow = &rule;
      outcome_.position = number_;
    }
  }

  void take(const Rule& rule, const std::optional<ListHit>& hit) {
    if (rule.action == Action::limit) {
      outcome_.limit = &rule;
      return;
    }
    if (!decides(rule.action)) {
      outcome_.opening = &rule;
      return;
    }
    outcome_.allowed = rule.action == Action::allow;
    outcome_.rule = &rule;
    outcome_.position = std::min(outcome_.position, number_);
    outcome_.hit = hit;
  }

  const Table& table_;
  const Asking& asking_;
  const FactSet known_ = known(asking_.facts);
  const bool paused_ = std::ranges::any_of(
      table_.pauses, [this](const Condition& who) { return is_for(who, asking_.facts.who); });
  size_t number_ = 0;
  Outcome outcome_;
};

/// By its own keys: what a list has is no word about one host.
bool denies_by_inside(const Rule& rule) {
  if (rule.action != Action::deny && rule.action != Action::redirect) return false;
  const auto asks = [](const What& what) {
    return !what.urls.empty() || !what.methods.empty() || !what.kinds.empty() ||
           !what.content_types.empty();
  };
  const Condition& condition = rule.condition;
  return asks(condition.what) || asks(condition.but_not) || condition.size_over;
}

}  // namespace

bool Rule::names_hosts() const {
  const What& what = condition.what;
  return (!what.hosts.empty() && !what.hosts.every()) ||
         std::ranges::any_of(what.urls, [](const auto& url) { return !url.host().empty(); });
}

const Rule& Table::at(size_t number) const {
  for (const auto* const some : {&guards, &grants, &rules}) {
    if (number < some->size()) return (*some)[number];
    number -= some->size();
  }
  return presets[number];
}

void Table::ask_of(const Lists& lists) {
  for (auto* const some : {&guards, &grants, &rules, &presets}) {
    for (Rule& rule : *some) {
      rule.needs = rule.condition.needs(lists);
      if (rule.itself) rule.needs.add(Fact::url);
      rule.must_see = denies_by_inside(rule) && (some == &guards || rule.names_hosts());
    }
  }
}

FactSet Table::needs() const {
  FactSet needs;
  for_all(*this, [&](const Rule& rule) { needs = needs | rule.needs; });
  return needs;
}

bool Table::asks_who() const {
  bool asks = false;
  for_all(*this, [&](const Rule& rule) { asks |= !rule.condition.everyone; });
  for (const Condition& each : pauses) asks |= !each.everyone;
  return asks || has_limits();
}

bool Table::asks_names() const {
  bool asks = false;
  const auto about_hosts = [](const What& what) {
    return !what.hosts.empty() || !what.urls.empty() || !what.lists.empty();
  };
  for_all(*this, [&](const Rule& rule) {
    const Condition& condition = rule.condition;
    if (rule.audit || !decides(rule.action)) return;  // These close nothing.
    asks |= condition.sni_missing || about_hosts(condition.what) || about_hosts(condition.but_not);
  });
  return asks;
}

bool Table::has_limits() const {
  bool has = false;
  for_all(*this, [&](const Rule& rule) { has |= rule.action == Action::limit; });
  return has;
}

std::vector<uint64_t> Table::sizes() const {
  std::vector<uint64_t> sizes;
  for_all(*this, [&](const Rule& rule) {
    if (rule.condition.size_over) sizes.push_back(*rule.condition.size_over);
  });
  std::ranges::sort(sizes);
  return sizes;
}

bool Table::has_hours() const {
  bool has = false;
  for_all(*this, [&](const Rule& rule) { has |= !rule.when.always(); });
  return has;
}

bool Table::same_hours(LocalTime one, LocalTime other) const {
  bool same = true;
  for_all(*this, [&](const Rule& rule) { same &= rule.when.has(one) == rule.when.has(other); });
  return same;
}

Outcome evaluate(const Table& table, const Asking& asking) {
  return Evaluation(table, asking).run();
}

}  // namespace weir::policy
