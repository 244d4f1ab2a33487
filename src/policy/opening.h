// What the owner's rules and `[intercept]` say together about opening the TLS of a CONNECT. Pure:
// no socket, no look-up, no clock.
#pragma once
#include <string_view>

#include "http/opening.h"
#include "policy/question.h"
#include "policy/rulebook.h"
#include "policy/table.h"

namespace weir::policy {

/// What is said of one host.
struct HostOpening {
  bool open = false;
  /// Nothing opens it, whatever is said of another name of the same CONNECT.
  bool never = false;
  /// The rule with Action::open that says so; null: none does.
  const Rule* rule = nullptr;
  /// http::Opening::why. Lives as long as the book.
  std::string_view why = {};
};
/// `rule`: Outcome::opening of that host.
HostOpening opening_of(const OpeningPlan& plan, std::string_view host, bool literal,
                       const Rule* rule);

/// The rule allows by what host it is.
bool allows_by_host(const Outcome& outcome);

/// The answer to http::Decision::opening() where nothing is opened. `by_host`: allows_by_host() of
/// the CONNECT.
http::Opening not_opened(const OpeningPlan& plan, const Question& question, std::string_view name,
                         bool encrypted, bool by_host);

/// The answer to http::Decision::opening(), for a question that is a CONNECT and was let pass. The
/// host of the CONNECT and the name are both asked about; each can forbid it, and the name decides,
/// but where it is `encrypted` and another than the host. `now`: of the rules.
http::Opening opening_for(const Rulebook& book, const Question& question, std::string_view name,
                          bool encrypted, LocalTime now);

}  // namespace weir::policy
