#include "policy/explain.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/fate.h"
#include "policy/limit.h"
#include "policy/opening.h"
#include "policy/points.h"
#include "policy/refusal.h"
#include "policy/rules.h"

namespace weir::policy {
namespace {

/// Keeps what evaluation says of each rule.
class Recorder final : public Visitor {
 public:
  Recorder(const Lists& lists, FactSet known) : lists_(lists), known_(known) {}

  void looked_at(const Rule& rule, Looked looked, const std::optional<ListHit>& hit) override {
    seen_.push_back({.seen = &rule,
                     .looked = looked,
                     .hit = hit,
                     .unknown = rule.condition.needs(lists_) - known_});
  }
  const std::vector<RuleSeen>& seen() const { return seen_; }

 private:
  const Lists& lists_;
  const FactSet known_;
  std::vector<RuleSeen> seen_;
};

constexpr FactSet kTheAddressTells{Fact::address, Fact::country};

std::vector<RuleSeen> whole_table(const Table& table, const std::vector<RuleSeen>& seen) {
  std::vector<RuleSeen> all;
  const auto add = [&](const std::vector<Rule>& rules, RuleSeen::Part part) {
    for (const Rule& rule : rules) {
      const auto found = std::ranges::find(seen, &rule, &RuleSeen::seen);
      all.push_back(found == seen.end() ? RuleSeen{.seen = &rule} : *found);
      all.back().part = part;
    }
  };
  add(table.guards, RuleSeen::guard);
  add(table.grants, RuleSeen::grant);
  add(table.rules, RuleSeen::rule);
  add(table.presets, RuleSeen::preset);
  return all;
}

class Explaining {
 public:
  Explaining(const RuleSet& rules, const Supposed& supposed)
      : supposed_(supposed),
        asked_(supposed.question),
        guards_(*rules.of(asked_.listener)),
        book_(rules.book_for(asked_)) {}

  Explanation run() && {
    if (asked_.own) {
      explanation_.own = true;
      return explanation_;
    }
    if (goes_on_from_request() && goes_on_from_limit() && goes_on_from_aliases() &&
        goes_on_from_addresses() && goes_on_from_aliases_at_address() && goes_on_from_server_name())
      ask_at_response();
    if (explanation_.conclusion == Conclusion::allow && asked_.connect && book_) {
      explanation_.opening = opening_for(*book_, asked_, server_name(), false, supposed_.now);
      if (waiting_) waiting_->opening = explanation_.opening;
    }
    // A denial holds whatever the missing facts are.
    if (explanation_.conclusion == Conclusion::allow && waiting_) {
      waiting_->refused = explanation_.refused;
      return *std::move(waiting_);
    }
    return explanation_;
  }

 private:
  bool goes_on_from_request() {
    if (auto port = check_port(guards_, asked_.port); !port) {
      explanation_.conclusion = Conclusion::deny;
      explanation_.refusal = std::move(port).error();
      return false;
    }
    if (!book_) return true;
    FactSet untold;
    if (!asked_.connect && asked_.request.kinds.empty()) untold.add(Fact::kind);
    return ask(Point::request, facts_of(*book_, asked_), untold, asked_.host);
  }

  /// What a client has used is known where Weir runs. Nothing of a request goes out once its limit
  /// is used up.
  bool goes_on_from_limit() {
    const Rule* const limit = explanation_.limit;
    if (!limit || !book_->usages) return true;
    const auto account = book_->directory.account_of(asked_.request.client, asked_.identity);
    auto left = Limit(book_, *limit, account).check();
    if (left) return true;
    explanation_.conclusion = Conclusion::deny;
    explanation_.refusal = std::move(left).error();
    explanation_.rule = limit;
    explanation_.hit.reset();
    return false;
  }

  /// Those that it may be for: what was told, or each in turn.
  std::vector<ContentKinds> possible_kinds() const {
    if (asked_.connect || !asked_.request.kinds.empty()) return {asked_.request.kinds};
    std::vector<ContentKinds> kinds;
    for (unsigned i = 0; i < kContentKinds; ++i) kinds.push_back(static_cast<ContentKind>(i));
    return kinds;
  }

  bool goes_on_from_aliases() {
    if (!book_) return true;
    return std::ranges::all_of(supposed_.aliases,
                               [this](std::string_view name) { return goes_on_from_alias(name); });
  }

  bool goes_on_from_alias(std::string_view name) {
    bool passes_for_some = false;
    std::optional<Explanation> stopped;
    for (const ContentKinds kinds : possible_kinds()) {
      Question asked = asked_;
      asked.request.kinds = kinds;
      const Outcome host = judge_at(Point::request, facts_of(*book_, asked));
      if (!passes(host)) continue;
      Facts facts = facts_at_alias(*book_, asked, name);
      Recorder recorder(*book_->lists, known(facts));
      const Outcome outcome = judge_at(Point::alias, facts, &recorder);
      if (alias_passes(outcome, host.position)) {
        passes_for_some = true;
      } else if (!stopped) {
        stopped = explanation_;
        note(*stopped, Point::address, outcome, recorder);
        deny(*stopped, outcome,
             std::string(name) + " (" + std::string(asked_.host) + " leads there)");
      }
    }
    if (!stopped) return true;
    if (!passes_for_some) {
      explanation_ = *std::move(stopped);
      return false;
    }
    if (!waiting_) wait_for({Fact::kind}, stopped->rule, *stopped);
    return true;
  }

  /// Weir connects to the first address that nothing refuses.
  bool goes_on_from_addresses() {
    if (supposed_.addresses.empty()) {
      if (!asks_on()) return true;
      return ask(Point::address, facts_of(*book_, asked_), untold_at_address(), asked_.host);
    }
    const Explanation before = explanation_;
    std::optional<Explanation> first_refusal;
    std::vector<Refused> refused;
    for (const base::IpAddress& address : supposed_.addresses) {
      explanation_ = before;
      if (goes_on_from(address)) {
        explanation_.address = address;
        explanation_.refused = std::move(refused);
        return true;
      }
      refused.push_back({address, *explanation_.refusal});
      if (!first_refusal) first_refusal = explanation_;
    }
    explanation_ = *std::move(first_refusal);
    explanation_.refused = std::move(refused);
    return false;
  }

  bool goes_on_from(const base::IpAddress& address) {
    auto guard = check_address(guards_, asked_.host, supposed_.source, address, asked_.port);
    if (!guard) {
      explanation_.point = Point::address;
      explanation_.conclusion = Conclusion::deny;
      explanation_.refusal = std::move(guard).error();
      explanation_.rule = nullptr;
      explanation_.hit = {};
      return false;
    }
    if (!asks_on()) return true;
    return ask(Point::address, facts_at_address(*book_, asked_, address), untold_at_address(),
               std::string(asked_.host) + " at " + address.text());
  }

  bool goes_on_from_aliases_at_address() {
    if (!book_ || supposed_.aliases.empty()) return true;
    Facts facts = facts_of(*book_, asked_);
    if (explanation_.address) add_address(*book_, facts, *explanation_.address);
    return goes_on_from_aliases_at(Point::address, facts, untold_at_address(), first_position_);
  }

  /// The names that the host leads to are asked again where more is known than these.
  /// `position` is that of the rule that allowed the host.
  bool goes_on_from_aliases_at(Point point, Facts facts, FactSet untold, size_t position) {
    return std::ranges::all_of(supposed_.aliases, [&](std::string_view name) {
      facts.host = name;
      facts.literal = false;
      Recorder recorder(*book_->lists, known(facts));
      const Outcome outcome = judge_at(point, facts, &recorder);
      if (!alias_passes(outcome, position)) {
        note(explanation_, point, outcome, recorder);
        deny(explanation_, outcome,
             std::string(name) + " (" + std::string(asked_.host) + " leads there)");
        return false;
      }
      const Fate fate = fate_of(outcome, recorder.seen(), {untold, later_than(point, facts)});
      if (fate.may_stop && fate.first && !waiting_ && number_of(*fate.first->seen) < position)
        wait_for(fate.missing, fate.first->seen, explanation_);
      return true;
    });
  }

  size_t number_of(const Rule& rule) const {
    size_t number = 0;
    while (number < book_->table.size() && &book_->table.at(number) != &rule) ++number;
    return number;
  }

  /// A client of an https URL names the host in its ClientHello, unless that is an address.
  bool goes_on_from_server_name() {
    if (!asked_.connect || !book_ || (!asks_on() && !asked_.literal)) return true;
    return ask(Point::server_name,
               facts_at_server_name(*book_, asked_, explanation_.address, server_name()),
               untold_at_address(), asked_.host);
  }
  std::string_view server_name() const { return asked_.literal ? std::string_view() : asked_.host; }

  void ask_at_response() {
    if (asked_.connect || !book_) return;
    Facts facts = facts_at_response(*book_, asked_, explanation_.address,
                                    supposed_.content_type.value_or(""), supposed_.size);
    FactSet untold = untold_at_address();
    if (!supposed_.content_type) {
      facts.content_type.reset();
      untold.add(Fact::content_type);
    }
    if (!supposed_.size) untold.add(Fact::size);
    if (asks_on() &&
        !ask(Point::response, facts, untold, "this answer of " + std::string(asked_.host)))
      return;
    goes_on_from_aliases_at(Point::response, facts, untold, position_);
  }

  /// Whether points behind the request are asked at all.
  bool asks_on() const { return may_narrow_; }

  FactSet untold_at_address() const {
    FactSet untold;
    if (!asked_.connect && asked_.request.kinds.empty()) untold.add(Fact::kind);
    if (supposed_.addresses.empty()) untold = untold | kTheAddressTells;
    return untold;
  }

  Outcome judge_at(Point point, Facts facts, Visitor* visitor = nullptr) const {
    facts.now = supposed_.now;
    return judge(*book_, facts, point, asked_.connect, visitor);
  }

  FactSet later_than(Point point, Facts facts) const {
    facts.now = supposed_.now;
    return known_later(*book_, facts, point, asked_.connect);
  }

  /// False: the request ends here, whatever else is true.
  bool ask(Point point, const Facts& facts, FactSet untold, std::string_view what) {
    Recorder recorder(*book_->lists, known(facts));
    const Outcome outcome = judge_at(point, facts, &recorder);
    may_narrow_ = may_narrow_ || outcome.may_narrow || outcome.undecided_allow;
    position_ = outcome.position;
    if (point == Point::request) first_position_ = position_;
    const Fate fate = fate_of(outcome, recorder.seen(), {untold, later_than(point, facts)});
    note(explanation_, point, outcome, recorder);
    if (!fate.may_pass) {
      deny(explanation_, outcome, what);
      return false;
    }
    if (fate.may_stop && !waiting_) wait_for(fate.missing, fate.first->seen, explanation_);
    return true;
  }

  void note(Explanation& to, Point point, const Outcome& outcome, const Recorder& recorder) const {
    to.point = point;
    to.rule = outcome.rule;
    to.hit = outcome.hit;
    to.would = outcome.would;
    to.limit = outcome.limit;
    to.rules = whole_table(book_->table, recorder.seen());
  }
  void deny(Explanation& to, const Outcome& outcome, std::string_view what) const {
    to.conclusion = Conclusion::deny;
    to.refusal = refusal(*book_, outcome, what);
  }
  void wait_for(FactSet missing, const Rule* rule, Explanation at) {
    at.conclusion = Conclusion::depends;
    at.missing = missing.meets(kTheAddressTells)
                     ? missing - kTheAddressTells | FactSet{Fact::address}
                     : missing;
    at.rule = rule;
    at.hit.reset();
    at.refusal.reset();
    waiting_ = std::move(at);
  }

  const Supposed& supposed_;
  const Question& asked_;
  const ListenerRules& guards_;
  /// Null where no rule of the owner applies.
  const std::shared_ptr<const Rulebook> book_;
  /// As of now: what is allowed so far, or why it is not.
  Explanation explanation_;
  /// At the first point where what is missing decides.
  std::optional<Explanation> waiting_;
  bool may_narrow_ = false;
  /// Of the rule that allowed the host, at the last point and at the first.
  size_t position_ = SIZE_MAX, first_position_ = SIZE_MAX;
};

}  // namespace

Explanation explain(const RuleSet& rules, const Supposed& supposed) {
  return Explaining(rules, supposed).run();
}

std::string_view name_of(Point point) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"request", "alias", "address", "server_name", "response"});
  return kNames[static_cast<size_t>(point)];
}

std::string_view name_of(Fact fact) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"url", "method", "type", "address", "country", "sni_missing", "content_type", "size"});
  return kNames[static_cast<size_t>(fact)];
}

std::vector<Fact> facts_in(FactSet set) {
  std::vector<Fact> facts;
  for (const Fact each : {Fact::url, Fact::method, Fact::kind, Fact::address, Fact::country,
                          Fact::sni_missing, Fact::content_type, Fact::size}) {
    if (set.has(each)) facts.push_back(each);
  }
  return facts;
}

}  // namespace weir::policy
