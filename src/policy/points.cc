#include "policy/points.h"

#include "policy/request_kind.h"

namespace weir::policy {

FactSet known_later(Point point, bool connect, bool opened) {
  if (connect) {
    const bool early = point == Point::request || point == Point::alias;
    const FactSet inside = opened ? kInside : FactSet();
    return early ? inside | FactSet{Fact::address, Fact::country} : inside;
  }
  switch (point) {
    case Point::alias: return kOfRequests | kOfAnswers | FactSet{Fact::address, Fact::country};
    case Point::request:
      return {Fact::address, Fact::country, Fact::kind, Fact::content_type, Fact::size};
    case Point::address: return {Fact::kind, Fact::content_type, Fact::size};
    default: return {};
  }
}

Facts facts_at_address(const Rulebook& book, const Question& question,
                       const base::IpAddress& address) {
  Facts facts = facts_of(book, question);
  add_address(book, facts, address);
  return facts;
}

Facts facts_at_alias(const Rulebook& book, const Question& question, std::string_view name) {
  Facts facts = facts_of(book, question);
  facts.host = name;
  facts.literal = false;
  return facts;
}

bool alias_passes(const Outcome& outcome, size_t position) {
  return passes(outcome) || !outcome.rule || outcome.position >= position;
}

Facts facts_at_server_name(const Rulebook& book, const Question& question,
                           const std::optional<base::IpAddress>& peer, std::string_view name) {
  Facts facts = facts_of(book, question);
  facts.sni_missing = name.empty();
  if (peer) add_address(book, facts, *peer);
  // What the tunnel was asked for was allowed; now what it leads to has to be.
  if (!name.empty() && name != question.host) {
    facts.literal = base::IpAddress::parse(name).has_value();
    facts.host = host_for_rules(name, facts.literal);
  }
  return facts;
}

Facts facts_at_response(const Rulebook& book, const Question& question,
                        const std::optional<base::IpAddress>& peer, std::string_view content_type,
                        std::optional<uint64_t> size) {
  Facts facts = facts_of(book, question);
  if (peer) add_address(book, facts, *peer);
  facts.content_type = content_type;
  if (facts.kinds) facts.kinds = narrowed(*facts.kinds, content_type);
  facts.size = size;
  return facts;
}

}  // namespace weir::policy
