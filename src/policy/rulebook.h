// The owner's rules with all that they refer to, as they hold now.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "match/country_file.h"
#include "policy/compile.h"
#include "policy/directory.h"
#include "policy/facts.h"
#include "policy/question.h"
#include "policy/rule_index.h"
#include "policy/table.h"
#include "policy/usage.h"

namespace weir::policy {

/// Immutable; any thread may use it. What changes with time, such as the hour, is part of it: when
/// it changes, another one is made.
struct Rulebook {
  Table table;
  Directory directory;
  /// Never null.
  std::shared_ptr<const Lists> lists;
  /// Null if no file tells countries; then no rule asks about them.
  std::shared_ptr<const match::CountryFile> countries;
  /// In the time zone of the rules.
  LocalTime now;
  OpeningPlan opening = {};
  /// What clients have used of the limits; outlives the book. Null if nobody is limited, or if the
  /// book only explains.
  std::shared_ptr<Usages> usages;

  /// Of the table.
  RuleIndex index = {};
  FactSet needs = {};
  bool asks_who = false;
  /// Some rule is about some hosts, or about TLS that names none; or about what is inside of TLS
  /// that may be opened, and what can't be read must not pass for it.
  bool asks_names = false;
  /// `size_over` of all rules, in ascending order.
  std::vector<uint64_t> sizes = {};

  /// What moves for a request has to be counted.
  bool counts() const { return usages != nullptr || !sizes.empty(); }
};

/// The rules of a configuration. `listeners` by their numbers. `names` are those of `lists`, which
/// may be null if there are none, as `countries` may. Null if there is no rule, everything is
/// allowed and nothing is opened: nothing has to be asked then. `usages` are kept if a rule limits.
std::shared_ptr<const Rulebook> make_rulebook(
    Compiled compiled, Directory directory, std::shared_ptr<const Lists> lists, LocalTime now,
    std::shared_ptr<const match::CountryFile> countries = nullptr,
    std::shared_ptr<Usages> usages = nullptr);

/// Where in its life a request is asked about.
enum class Point : uint8_t {
  request,
  /// The names behind the host, before an address is chosen and the request is looked at again.
  alias,
  /// An address is known to which Weir is about to connect.
  address,
  /// A ClientHello in a tunnel.
  server_name,
  /// The head of the response.
  response,
};

/// What a request tells of itself beside its host.
inline constexpr FactSet kOfRequests{Fact::url, Fact::method, Fact::kind};
/// What its answer tells.
inline constexpr FactSet kOfAnswers{Fact::kind, Fact::content_type, Fact::size};
/// The host as rules name it: of an IPv6 address that is mapped from an IPv4 one, that one.
std::string_view host_for_rules(std::string_view host, bool literal);
/// Nobody in particular where no rule asks who it is.
Who who_asks(const Rulebook& book, const Question& question);
/// What these rules ask about.
FactSet needs_of(const Rulebook& book, const RuleNumbers& rules);
/// The same of those that may hold for this client and host.
FactSet needs_of(const Rulebook& book, const Who& who, std::string_view host);

/// Who asks a question, and the rules that may hold for them and its host. Views into the question.
struct Selection {
  Who who;
  RuleNumbers rules;
};
Selection select(const Rulebook& book, const Question& question);

/// What is known of a request at its beginning. Views into the question and the book.
Facts facts_of(const Rulebook& book, const Question& question);
Facts facts_of(const Rulebook& book, const Question& question, const Who& who);
/// Adds the address to which Weir connects.
void add_address(const Rulebook& book, Facts& facts, const base::IpAddress& address);
/// What later points will know of these facts, by what the rules say about opening them.
/// `candidates`: as in Asking.
FactSet known_later(const Rulebook& book, const Facts& facts, Point point, bool connect,
                    const RuleNumbers* candidates = nullptr);
/// Evaluates the table: whoever wants to know what the rules say, asks here. `candidates` are for
/// these facts; null: they are sought, or for a visitor each rule is asked.
Outcome judge(const Rulebook& book, const Facts& facts, Point point, bool connect,
              Visitor* visitor = nullptr, const RuleNumbers* candidates = nullptr);

/// Whether a request may go on from `point`: it is allowed, or it goes on to a point that will know
/// what an allow still asks for.
inline bool passes(const Outcome& outcome) {
  return outcome.allowed || outcome.undecided_allow;
}

}  // namespace weir::policy
