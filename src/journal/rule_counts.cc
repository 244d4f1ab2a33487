#include "journal/rule_counts.h"

#include <algorithm>
#include <new>

#include "base/text.h"

namespace weir::journal {

void RuleCounts::add(Counts& counts, std::string_view name, uint64_t number) {
  if (const auto known = counts.find(name); known != counts.end()) {
    known->second += number;
  } else if (decided_.size() + would_.size() >= kMostNames) {
    others_ += number;
  } else {
    counts.emplace(name, number);
  }
}

void RuleCounts::note(const http::Exchange& exchange) noexcept {
  try {
    if (const std::string_view rule = exchange.rule(); !rule.empty()) add(decided_, rule, 1);
    if (exchange.verdict && !exchange.verdict->would.empty())
      add(would_, exchange.verdict->would, 1);
  } catch (const std::bad_alloc&) {
    ++others_;
  }
}

void RuleCounts::add(const RuleCounts& other) {
  for (const auto& [name, number] : other.decided_) add(decided_, name, number);
  for (const auto& [name, number] : other.would_) add(would_, name, number);
  others_ += other.others_;
}

std::string RuleCounts::text() const {
  std::string text;
  const auto lines = [&](std::string_view kind, const Counts& counts) {
    for (const auto& [name, number] : counts) {
      text += kind;
      const size_t word = text.size();
      base::append_escaped_for_log(text, name);
      std::ranges::replace(text.begin() + static_cast<std::ptrdiff_t>(word), text.end(), ' ', '_');
      text.append(": ").append(std::to_string(number)) += '\n';
    }
  };
  lines("rule=", decided_);
  lines("would=", would_);
  if (others_ > 0) text += "rules_not_named: " + std::to_string(others_) + '\n';
  return text;
}

}  // namespace weir::journal
