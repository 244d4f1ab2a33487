// Tells what in the owner's rules is allowed and surely not meant. Pure.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "policy/rule_config.h"

namespace weir::policy {

/// A sentence about a rule, which begins with its name.
struct Remark {
  /// The rule's place in the vector.
  size_t rule = 0;
  std::string text;
};

/// In the order of the rules. Finds rules that another one leaves nothing, as far as that can be
/// proven; rules that can never hold; rules that ask what nothing shows where https is not opened;
/// rules that open nothing; and an allow where the file does not say what holds for the rest.
std::vector<Remark> remarks_on(const std::vector<RuleConfig>& rules, bool default_written,
                               const OpeningConfig& opening = {});

}  // namespace weir::policy
