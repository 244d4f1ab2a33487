// A limit rule as it holds for one client's exchanges.
#pragma once
#include <memory>
#include <string_view>

#include "base/allowance.h"
#include "policy/rulebook.h"
#include "policy/usage.h"

namespace weir::policy {

/// Keeps the rules alive that it is of. Shared by the exchanges of one client that one decision is
/// for.
class Limit final : public base::Allowance {
 public:
  /// `rule` is of the book, which has usages.
  Limit(std::shared_ptr<const Rulebook> book, const Rule& rule, std::string_view client);

  size_t portion() const override;
  uint64_t next_ms() const override { return rule_.rate == 0 ? 0 : usage_->next_ms(); }
  base::Result<void> spend(size_t bytes, uint64_t now_ms) override;
  const Rule& rule() const { return rule_; }
  /// Whether anything is left today.
  base::Result<void> check() const;

 private:
  base::Error used_up() const;

  const std::shared_ptr<const Rulebook> book_;
  const Rule& rule_;
  const std::shared_ptr<Usage> usage_;
};

}  // namespace weir::policy
