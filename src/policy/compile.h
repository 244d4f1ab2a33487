// Makes the rules of a configuration into a table.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/directory.h"
#include "policy/opening_plan.h"
#include "policy/rule_config.h"
#include "policy/table.h"

namespace weir::policy {

/// A name in a rule that nobody has.
struct UnknownName {
  size_t rule = 0;
  /// The key: `who.group`.
  std::string_view key;
  /// Which of the key's values.
  size_t element = 0;
  std::string name;
};

struct Compiled {
  Table table;
  OpeningPlan opening = {};
  std::vector<UnknownName> unknown;
};

/// A list as rules know it. Its place in the vector is its number.
struct ListName {
  std::string name, category;
};

/// `places`: where each rule is written. A rule that names somebody or something unknown is
/// compiled all the same, without that name; the configuration's checks refuse it.
Compiled compile(const std::vector<RuleConfig>& rules, const std::vector<std::string>& places,
                 const Directory& directory, const std::vector<ListName>& lists);

}  // namespace weir::policy
