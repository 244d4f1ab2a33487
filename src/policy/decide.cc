#include "policy/decide.h"

#include <atomic>

namespace weir::policy {

uint64_t RuleSet::next_generation() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Decision::Decision(const RuleSet& rules, const Question& question)
    : rules_(rules.of(question.listener)),
      generation_(rules.generation),
      identity_(question.identity),
      host_(question.host),
      listener_(question.listener),
      port_(question.port),
      own_(question.own) {}

base::Result<base::Ref<const Decision>> decide(const RuleSet& rules, const Question& question) {
  if (!question.own) CHECK_OK(check_port(*rules.of(question.listener), question.port));
  return base::Ref<const Decision>(new Decision(rules, question));
}

}  // namespace weir::policy
