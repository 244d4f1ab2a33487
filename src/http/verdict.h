// What policy says of itself.
#pragma once
#include <cstdint>
#include <utility>

#include "base/kept_text.h"
#include "base/memory.h"
#include "base/ref.h"

namespace weir::http {

/// The rules that an outcome came from, for the log and for pages. Immutable. Used on one worker's
/// thread.
struct Verdict final : base::Counted<Verdict>, base::Pooled {
  Verdict(base::KeptText rule, base::KeptText list, base::KeptText would, uint32_t grant)
      : rule(std::move(rule)), list(std::move(list)), would(std::move(would)), grant(grant) {}

  /// The rule that decided; empty: none did.
  const base::KeptText rule;
  /// The entry of a list that made it hold, as FILE:LINE; empty: no list did.
  const base::KeptText list;
  /// The rule in audit mode that would have decided otherwise; empty: none would.
  const base::KeptText would;
  /// The number of what was allowed or blocked at run time, if that decided; 0: it did not.
  const uint32_t grant;
};

}  // namespace weir::http
