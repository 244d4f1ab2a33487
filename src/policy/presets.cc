#include "policy/presets.h"

namespace weir::policy {

std::vector<RuleConfig> with_presets(std::vector<RuleConfig> rules,
                                     const std::vector<std::string>& presets) {
  for (const std::string& name : presets) {
    RuleConfig rule;
    rule.name = "preset:" + name;
    rule.place = "policy.presets";
    rule.what.categories = {name};
    rule.guard = name == "malware";
    rule.action = rule.guard ? Action::deny : Action::filter;
    rule.preset = true;
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace weir::policy
