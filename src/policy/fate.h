// What can come of a point if what was not told about a request can have any value.
#pragma once
#include <vector>

#include "policy/explain.h"
#include "policy/table.h"

namespace weir::policy {

/// What a point does not know.
struct Unknown {
  /// It would know it, had it been told.
  FactSet untold;
  /// Later points will.
  FactSet later;
};

/// What can come of a point, if what was not told can have any value.
struct Fate {
  bool may_pass = false, may_stop = false;
  /// The rules whose values decide: what they wait for, and the first of them.
  FactSet missing = {};
  const RuleSeen* first = nullptr;
};

/// `seen`: what each rule said that was asked, in their order.
Fate fate_of(const Outcome& outcome, const std::vector<RuleSeen>& seen, const Unknown& unknown);

}  // namespace weir::policy
