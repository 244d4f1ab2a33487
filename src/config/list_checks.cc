#include "config/list_checks.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "match/list_reader.h"

namespace weir::config {
namespace {

/// A list has a file of its name in the state_dir.
bool is_list_name(std::string_view name) {
  constexpr size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
  });
}

class ListChecks {
 public:
  ListChecks(lists::ListConfig& list, const TableSource& table, Mistakes& mistakes)
      : list_(list), table_(table), mistakes_(mistakes) {}

  void run() {
    if (!is_list_name(table_.name)) {
      mistakes_.add(table_.at, "a list is called " + in_quotes(table_.name),
                    "a name of at most 64 letters, digits, `-` and `_`");
    }
    check_paths();
    check_lines();
    if (list_.paths.empty() && list_.urls.empty() && list_.rules.empty() &&
        !Sources::find(table_, "rules"))
      mistakes_.add(table_.at, "the list has neither paths nor urls nor rules", "one of them");
    if (list_.trusted && lists::comes_over_http(list_)) {
      mistakes_.add(Sources::find(table_, "trusted")->at,
                    "trusted is true, and a URL of the list begins with http://",
                    "https:// for what is trusted: over http anybody on the way can change it");
    }
  }

 private:
  /// Calls `each` with the number and the place of each value of a list of values.
  template <class Each>
  void for_each(std::string_view key, size_t values, Each each) {
    const ValueSource* const source = Sources::find(table_, key);
    for (size_t i = 0; source && i < std::min(values, source->elements.size()); ++i)
      each(i, source->elements[i]);
  }

  void check_paths() {
    for_each("paths", list_.paths.size(), [&](size_t i, const Place& at) {
      const auto folder = std::filesystem::path(mistakes_.file(at)).parent_path();
      list_.paths[i] = (folder / list_.paths[i]).string();
      list_.path_places.push_back(mistakes_.text_of(at));
    });
  }

  void check_lines() {
    for_each("rules", list_.rules.size(), [&](size_t i, const Place& at) {
      const std::string& line = list_.rules[i];
      list_.rule_places.push_back(mistakes_.line_of(at));
      const std::string_view fault = match::fault_in_list_line(line).words;
      if (fault.empty()) return;
      mistakes_.add(at, "rules has " + in_quotes(line) + ": " + std::string(fault),
                    "a line that a list may have, such as \"example.com\"");
    });
  }

  lists::ListConfig& list_;
  const TableSource& table_;
  Mistakes& mistakes_;
};

}  // namespace

void check_lists(Config& config, const Sources& sources, Mistakes& mistakes) {
  for (const TableSource& table : sources.tables("lists"))
    ListChecks(config.lists[table.name], table, mistakes).run();
}

std::vector<policy::ListName> list_names(const Config& config) {
  std::vector<policy::ListName> names;
  for (const auto& [name, list] : config.lists) names.push_back({name, list.category});
  return names;
}

}  // namespace weir::config
