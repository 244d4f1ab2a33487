#include "explain/reply.h"

#include <optional>

#include "policy/refusal.h"

namespace weir::explain {

using policy::Conclusion, policy::Point;

std::string_view name_of(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::allow: return "allow";
    case Conclusion::deny: return "deny";
    case Conclusion::depends: break;
  }
  return "depends";
}

namespace {

/// What stands in place of an answer that a page needs no words in (stages/errors/substitute.h).
std::optional<ClientGets> substitute_for(const Explained& explained) {
  const auto& request = *explained.head;
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  // A refusal by the owner's rules, and by none of Weir's own.
  const policy::Explanation& explanation = explained.explanation;
  if (!explanation.rule && explanation.refusal->rule() != policy::kDefaultRule) return {};
  if (explained.question.connect || !explained.kind) return {};
  using policy::ContentKind;
  if (*explained.kind == ContentKind::ping) return ClientGets{204, "nothing"};
  if (!reads) return {};
  switch (*explained.kind) {
    case ContentKind::image: return ClientGets{200, "an empty image"};
    case ContentKind::script: return ClientGets{200, "an empty script"};
    case ContentKind::style: return ClientGets{200, "an empty style sheet"};
    default: return {};
  }
}

ClientGets denied(const Explained& explained) {
  const policy::Explanation& explanation = explained.explanation;
  if (explanation.point == Point::server_name) return {200, "the tunnel ends at the ClientHello"};
  const bool connect = explained.question.connect;
  if (explanation.rule && explanation.rule->action == policy::Action::redirect && !connect &&
      explanation.point == Point::request)
    return {307, "sent to " + explanation.rule->to};
  if (auto substitute = substitute_for(explained)) return *std::move(substitute);
  return {explanation.refusal->status(),
          connect ? "a text, which browsers do not show" : "a page that says why"};
}

}  // namespace

ClientGets client_gets(const Explained& explained) {
  const policy::Explanation& explanation = explained.explanation;
  switch (explanation.conclusion) {
    case Conclusion::depends: return {};
    case Conclusion::deny: return denied(explained);
    case Conclusion::allow: break;
  }
  if (explanation.own) return {200, "Weir's own pages"};
  if (explained.question.connect) return {200, "a tunnel, which is not opened"};
  return {0, "what the origin answers"};
}

std::string rule_of(const Explained& explained) {
  const policy::Explanation& explanation = explained.explanation;
  if (explanation.rule) return explanation.rule->name;
  if (explanation.refusal) return std::string(explanation.refusal->rule());
  return explanation.own ? std::string() : std::string(policy::kDefaultRule);
}

bool is_as(const Explained& explained, const Expected& expected) {
  return (expected.verdict.empty() ||
          expected.verdict == name_of(explained.explanation.conclusion)) &&
         (expected.rule.empty() || expected.rule == rule_of(explained));
}

}  // namespace weir::explain
