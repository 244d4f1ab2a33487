// How often each rule has decided.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace weir::journal {

/// Counts since the start, by the rules' names as the log has them. One per worker, and used on its
/// thread; whoever wants all adds up copies.
class RuleCounts {
 public:
  /// Names that are counted one by one: those of the configuration, of what was allowed or blocked
  /// at run time, and of the limits. Reloads bring new ones and none is forgotten, so that there
  /// has to be an end; what comes later is counted together.
  static constexpr size_t kMostNames = 1000;

  void note(const http::Exchange& exchange) noexcept;
  void add(const RuleCounts& other);
  /// `rule=kids:_bedtime: 12`, `would=social: 3`: a line each.
  std::string text() const;

 private:
  using Counts = std::map<std::string, uint64_t, std::less<>>;
  void add(Counts& counts, std::string_view name, uint64_t number);

  /// By the rule that decided, and by the one in audit mode that would have.
  Counts decided_, would_;
  uint64_t others_ = 0;
};

}  // namespace weir::journal
