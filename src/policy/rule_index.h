// Finds the few rules that may hold for a request among many.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "policy/facts.h"
#include "policy/table.h"

namespace weir::policy {

/// A set of the rules of one table, by their numbers.
class RuleNumbers {
 public:
  /// `rules`: how many the table has.
  explicit RuleNumbers(size_t rules = 0) : words_((rules + kBits - 1) / kBits) {
    if (words_ > few_.size()) many_.resize(words_);
  }

  void add(uint32_t number) { words()[number / kBits] |= uint64_t{1} << number % kBits; }
  void add(const RuleNumbers& others) {
    for (size_t i = 0; i < few_.size(); ++i) few_[i] |= others.few_[i];
    for (size_t i = 0; i < many_.size(); ++i) many_[i] |= others.many_[i];
  }
  void keep(const RuleNumbers& others) {
    for (size_t i = 0; i < few_.size(); ++i) few_[i] &= others.few_[i];
    for (size_t i = 0; i < many_.size(); ++i) many_[i] &= others.many_[i];
  }
  /// In ascending order.
  template <class Each>
  void all(Each each) const {
    for (size_t i = 0; i < words_; ++i) {
      for (uint64_t left = words()[i]; left != 0; left &= left - 1)
        each(i * kBits + static_cast<size_t>(std::countr_zero(left)));
    }
  }

 private:
  static constexpr size_t kBits = 64;
  uint64_t* words() { return many_.empty() ? few_.data() : many_.data(); }
  const uint64_t* words() const { return many_.empty() ? few_.data() : many_.data(); }

  size_t words_;
  // Most tables are small: a request allocates nothing then.
  std::array<uint64_t, 4> few_{};
  std::vector<uint64_t> many_;
};

/// Immutable once made; any thread may use it. A rule has the number that it has in Table::at().
class RuleIndex {
 public:
  RuleIndex() = default;
  explicit RuleIndex(const Table& table);

  /// All rules that may hold for this client and host, and few others. A rule that is left out does
  /// not hold, whatever else will be known.
  RuleNumbers candidates(const Who& who, std::string_view host) const;

 private:
  using Numbers = std::vector<uint32_t>;
  struct OfHost {
    uint64_t hash;
    uint32_t rule;
    friend auto operator<=>(const OfHost&, const OfHost&) = default;
  };

  void add_hosts(const What& what, uint32_t rule);
  void add_who(const Condition& condition, uint32_t rule);
  RuleNumbers about(std::string_view host) const;

  size_t rules_ = 0;
  /// Rules about any host, and rules for everyone.
  RuleNumbers any_host_, everyone_;
  /// By the hash of a name that a rule is about, in ascending order, and where each hash begins.
  /// Different names may have the same hash: then a rule is asked in vain.
  std::vector<OfHost> hosts_;
  std::unordered_map<uint64_t, size_t> first_;
  /// By a group's bit.
  std::vector<RuleNumbers> groups_;
  std::unordered_map<uint32_t, Numbers> clients_, listeners_;
  std::unordered_map<std::string, Numbers, base::TextHash, std::equal_to<>> users_;
};

}  // namespace weir::policy
