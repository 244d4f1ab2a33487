#include "policy/facts.h"

namespace weir::policy {

FactSet known(const Facts& facts) {
  FactSet known;
  const auto note = [&](Fact fact, bool is_known) {
    if (is_known) known.add(fact);
  };
  note(Fact::url, facts.path && facts.https);
  note(Fact::method, facts.method.has_value());
  // A request that may be for several kinds is not known to be for one.
  note(Fact::kind, facts.kinds && facts.kinds->only());
  note(Fact::address, facts.address.has_value());
  note(Fact::country, facts.country.has_value());
  note(Fact::sni_missing, facts.sni_missing.has_value());
  note(Fact::content_type, facts.content_type.has_value());
  note(Fact::size, facts.size.has_value());
  return known;
}

}  // namespace weir::policy
