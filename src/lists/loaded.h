// The lists of a configuration, ready to be asked.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "match/list_file.h"
#include "policy/compile.h"
#include "policy/condition.h"

namespace weir::lists {

/// One list.
struct LoadedList {
  std::string name, category;
  /// The file of the configuration and the line of each of the owner's own lines, which are the
  /// image's source without a name.
  std::vector<std::string> rule_places;
  /// Shared with the configurations before and after, as long as its sources do not change.
  std::shared_ptr<const match::ListFile> file;
  /// Switched off at run time: it has nothing.
  bool off = false;
};

/// Immutable. Any thread, any number at once.
class Loaded final : public policy::Lists {
 public:
  Loaded() = default;
  explicit Loaded(std::vector<LoadedList> lists) : lists_(std::move(lists)) {}

  policy::FactSet needs(uint32_t list) const override;
  /// A host in the list decides at once. If the list has networks, the address has to be known,
  /// and if it has URLs of the host, the path; until then the answer is unknown.
  policy::Holds has(uint32_t list, const policy::Facts& facts, policy::ListHit& hit) const override;

  /// In the order of their numbers.
  const std::vector<LoadedList>& lists() const { return lists_; }
  /// As rules know them, in the same order.
  std::vector<policy::ListName> names() const;
  /// Where the entry is written: `/etc/weir/ads.txt:17`.
  std::string place_of(const policy::ListHit& hit) const override;

 private:
  std::vector<LoadedList> lists_;
};

}  // namespace weir::lists
