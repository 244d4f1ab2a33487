// What a person is told when the owner's rules refuse something.
#pragma once
#include <string_view>

#include "base/error.h"
#include "base/ref.h"
#include "http/verdict.h"
#include "policy/rulebook.h"

namespace weir::policy {

/// What stands in place of a rule's name where no rule decided.
inline constexpr std::string_view kDefaultRule = "policy.default";

/// `what` is refused: a host, or words that name it. http_request_denied, 403, with the rule and
/// how to change it.
base::Error refusal(const Rulebook& book, const Outcome& outcome, std::string_view what);

/// What is left of this limit today is nothing.
base::Error refusal_of_limit(const Rule& rule);

/// For the log. Null if no rule said anything.
base::Ref<const http::Verdict> verdict_of(const Rulebook& book, const Outcome& outcome);

}  // namespace weir::policy
