// Where the values of a configuration were written, for checks that need more than one value.
#pragma once
#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/mistake.h"

namespace weir::config {

struct ValueSource {
  Place at;
  /// Of a list: the place of each element, in the file's order. Elements that were not taken, since
  /// they have a mistake, are left out.
  std::vector<Place> elements;
  /// `[]` was written.
  bool is_empty_list = false;
};

struct TableSource {
  Place at;
  /// NAME, if the table is one of several [group.NAME]; else empty.
  std::string name = {};
  /// By the name of the key. A value that was not taken is here too.
  std::map<std::string, ValueSource, std::less<>> values = {};
};

class Sources {
 public:
  /// The tables of a group, in the order in which they were read; the elements of an array in the
  /// configuration have the same order. At most one, unless the group has several tables. The group
  /// "" has the keys at the top of the file.
  std::span<const TableSource> tables(std::string_view group) const {
    const auto found = tables_.find(group);
    if (found == tables_.end()) return {};
    return found->second;
  }
  /// Where a key of the group's only table is; null if no file has it.
  const ValueSource* find(std::string_view group, std::string_view key) const {
    const auto all = tables(group);
    return all.empty() ? nullptr : find(all.front(), key);
  }
  static const ValueSource* find(const TableSource& table, std::string_view key) {
    const auto found = table.values.find(key);
    return found == table.values.end() ? nullptr : &found->second;
  }

  /// Adds an element of an array. The result is valid until the group gets the next one.
  TableSource& add_element(std::string_view group, const Place& at) {
    return tables_.try_emplace(std::string(group)).first->second.emplace_back(at);
  }
  /// The only table of a group, or the one of that name; added if no file had it yet. The result is
  /// valid until the group gets the next table.
  TableSource& table(std::string_view group, const Place& at, std::string_view name = {}) {
    std::vector<TableSource>& all = tables_.try_emplace(std::string(group)).first->second;
    const auto known = std::ranges::find(all, name, &TableSource::name);
    return known != all.end() ? *known : all.emplace_back(at, std::string(name));
  }

 private:
  std::map<std::string, std::vector<TableSource>, std::less<>> tables_;
};

}  // namespace weir::config
