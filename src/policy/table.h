// The owner's rules, and what they say about a request. Pure: no socket, no look-up, no clock.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "match/url_pattern.h"
#include "policy/condition.h"
#include "policy/opening_config.h"
#include "policy/schedule.h"

namespace weir::policy {

enum class Action : uint8_t {
  allow,
  deny,
  /// Denies what a list has. What it does not have goes on to the rules below. `weir pause` skips
  /// these rules alone.
  filter,
  /// Sends the client to another URL.
  redirect,
  /// Says how fast and how much; other rules say whether.
  limit,
  /// These two say of a CONNECT alone whether what it carries is opened; other rules say whether it
  /// is allowed.
  open,
  tunnel,
};

/// The action decides whether a request is allowed.
constexpr bool decides(Action action) {
  return action != Action::limit && action != Action::open && action != Action::tunnel;
}

struct Rule {
  /// As the owner named it; appears in the log, on pages and in explanations.
  std::string name;
  /// Where it is written, such as `weir.toml:31`.
  std::string place;
  Condition condition;
  Schedule when;
  Action action = Action::deny;
  /// Only noted: evaluation goes on as if the rule were not there.
  bool audit = false;
  /// Where Action::redirect sends the client.
  std::string to = {};
  /// That URL, which the rule lets through: else clients would go in circles.
  std::optional<match::UrlPattern> itself = {};
  /// What it asks about. Set by Table::ask_of().
  FactSet needs = {};
  /// Of Action::limit, for each client: bytes a second, and bytes a day. 0: no such limit.
  uint64_t rate = 0, bytes_per_day = 0;
  /// Of Action::open, instead of the configuration's.
  OnReject on_reject = OnReject::unset;
  /// It denies by what only the inside of https shows, of hosts that it names, or as a guard: where
  /// https is opened for it to be asked, nothing passes unread. Set by Table::ask_of().
  bool must_see = false;
  /// Of a rule that somebody made at run time; 0: it is the configuration's.
  uint32_t grant = 0;

  /// It is about some hosts by their names, and not by a list.
  bool names_hosts() const;
};

/// Immutable once compiled; any thread may use it.
struct Table {
  /// Each denies, and nothing opens again what one of them closes.
  std::vector<Rule> guards;
  /// What somebody allowed or blocked at run time, the newest first.
  std::vector<Rule> grants;
  /// The first that holds decides.
  std::vector<Rule> rules;
  /// Behind the owner's own rules.
  std::vector<Rule> presets;
  /// For whom Action::filter is skipped.
  std::vector<Condition> pauses;
  bool allow_by_default = true;

  /// In the order of evaluation, each rule has a number.
  size_t size() const { return guards.size() + grants.size() + rules.size() + presets.size(); }
  /// `number` is below size().
  const Rule& at(size_t number) const;

  /// Sets what each rule asks about, if `lists` are asked: to be called before evaluation.
  void ask_of(const Lists& lists);
  /// What all rules together ask about.
  FactSet needs() const;
  /// A rule is only for some, or counts for each.
  bool asks_who() const;
  /// A rule is about some hosts, or about TLS that names none.
  bool asks_names() const;
  bool has_limits() const;
  /// The values of all `size_over`, in ascending order.
  std::vector<uint64_t> sizes() const;
  /// A rule holds at some hours only.
  bool has_hours() const;
  /// The same rules hold at both times.
  bool same_hours(LocalTime one, LocalTime other) const;
};

/// What the rules say. Pointers are into the table.
struct Outcome {
  /// As if no undecided allow were there.
  bool allowed = true;
  /// The rule that decided; null: none did, and the default holds.
  const Rule* rule = nullptr;
  /// How many rules stand before that one, or before undecided_allow if that comes first; SIZE_MAX:
  /// neither.
  size_t position = SIZE_MAX;
  /// The entry of a list that made the rule hold.
  std::optional<ListHit> hit = {};
  /// The first rule in audit mode that would have decided.
  const Rule* would = nullptr;
  /// An allow in front of the rule that decided, of which more has to be known. It permits the
  /// request only as far as the point that knows it: a request in order to see its answer's head.
  const Rule* undecided_allow = nullptr;
  /// A rule other than an allow was passed, since more has to be known: a later point may deny, or
  /// note that a rule in audit mode would have.
  bool may_narrow = false;
  /// The first limit that holds.
  const Rule* limit = nullptr;
  /// The first rule that holds and says whether the TLS of a CONNECT is opened. Null unless
  /// Asking::opening.
  const Rule* opening = nullptr;
  /// The first such rule in audit mode, if it stands before that one.
  const Rule* would_opening = nullptr;
  /// Only the inside can decide: of an allow in front of the rule that decided, or of a rule that
  /// denies and must see it.
  bool allow_waits_inside = false, deny_waits_inside = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Why a rule did not decide, or that it did.
enum class Looked : uint8_t {
  not_for_them,
  not_now,
  paused,
  no_match,
  /// More has to be known, and a later point will know it.
  undecided,
  /// More has to be known, and no point will: so an allow opens nothing.
  never_known,
  /// The rule is about what CONNECTs carry, and this is none, or nothing is opened at all.
  nothing_to_open,
  audited,
  decides
};

/// What no part of a tunnel shows that is not opened.
inline constexpr FactSet kInside{Fact::url, Fact::method, Fact::kind, Fact::content_type,
                                 Fact::size};

/// Told about each rule that evaluation looks at, in its order.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void looked_at(const Rule& rule, Looked looked, const std::optional<ListHit>& hit) = 0;
};

class RuleNumbers;

struct Asking {
  const Facts& facts;
  const Lists& lists;
  /// What later points will know. Of an allow, nothing else is waited for.
  FactSet later = {};
  /// Rules about opening are asked too.
  bool opening = false;
  /// May be null.
  Visitor* visitor = nullptr;
  /// Of the table's RuleIndex, for these facts; null: each rule is asked, as a visitor wants it,
  /// with the same outcome.
  const RuleNumbers* candidates = nullptr;
};

/// Asks guards, grants, rules and presets in this order. The first that holds decides, but for
/// limits and rules about opening, of each of which the first is taken whatever the others say.
Outcome evaluate(const Table& table, const Asking& asking);

}  // namespace weir::policy
