#include "policy/limit.h"

#include <algorithm>

#include "policy/refusal.h"

namespace weir::policy {

Limit::Limit(std::shared_ptr<const Rulebook> book, const Rule& rule, std::string_view client)
    : book_(std::move(book)), rule_(rule), usage_(book_->usages->of(rule.name, client)) {}

size_t Limit::portion() const {
  constexpr uint64_t kPortionsASecond = 16, kLeast = 1024, kMost = 65'536;
  uint64_t most = kMost;
  if (rule_.rate != 0) most = std::clamp(rule_.rate / kPortionsASecond, kLeast, kMost);
  if (rule_.bytes_per_day == 0) return most;
  // To the last byte of what is left; when nothing is, spend() says so.
  const uint64_t used = usage_->used(book_->usages->day());
  const uint64_t left = rule_.bytes_per_day - std::min(rule_.bytes_per_day, used);
  return std::clamp<uint64_t>(left, 1, most);
}

base::Result<void> Limit::spend(size_t bytes, uint64_t now_ms) {
  if (rule_.bytes_per_day != 0 && usage_->add(book_->usages->day(), bytes) > rule_.bytes_per_day)
    return std::unexpected(used_up());
  if (rule_.rate != 0) usage_->pace(bytes, rule_.rate, now_ms);
  return {};
}

base::Result<void> Limit::check() const {
  if (rule_.bytes_per_day != 0 && usage_->used(book_->usages->day()) >= rule_.bytes_per_day)
    return std::unexpected(used_up());
  return {};
}

base::Error Limit::used_up() const {
  return refusal_of_limit(rule_);
}

}  // namespace weir::policy
