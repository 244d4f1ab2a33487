#include "config/schema.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/mistake.h"

namespace weir::config {

namespace {

/// Bounds the cost of a comparison. A name this long is much longer than any key, so its distance
/// to each of them is about its own length.
constexpr size_t kLongestName = 100;
/// In half letters. Whoever writes into a table most likely means one of its keys: those of another
/// table count as two letters further away. At the top of the file it is half a letter, since there
/// a table may be missing.
constexpr size_t kOtherTable = 4;

/// The number of the word `name` in `order`; the number of words if it is not there.
size_t place_in(std::string_view order, std::string_view name) {
  size_t place = 0;
  while (!order.empty()) {
    const size_t end = std::min(order.find(' '), order.size());
    if (order.substr(0, end) == name) return place;
    order.remove_prefix(std::min(end + 1, order.size()));
    ++place;
  }
  return place;
}

/// True if TOML takes the key without quotes.
bool is_bare(std::string_view key) {
  return std::ranges::all_of(key, [](char c) {
    return base::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

/// Further than any name that somebody may have meant.
constexpr size_t kFar = SIZE_MAX;

/// Twice the letters that differ; kFar if that is more than half of them.
size_t step_between(std::string_view name, std::string_view other) {
  const size_t step = 2 * edit_distance(name, other);
  return step <= name.size() + 1 ? step : kFar;
}

/// `host` of `what.host`.
std::string_view last_part_of(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::string header(const Group& group, std::string_view name) {
  const std::string of_group(group.name);
  switch (group.tables.form) {
    case Tables::Form::single: return '[' + of_group + ']';
    case Tables::Form::array: return "[[" + of_group + "]]";
    case Tables::Form::named: break;
  }
  if (name.empty()) return '[' + of_group + ".NAME]";
  return '[' + of_group + '.' + (is_bare(name) ? std::string(name) : in_quotes(name)) + ']';
}

Schema::Schema(std::string_view top_order, std::vector<Group> groups, std::vector<Key> keys)
    : groups_(std::move(groups)) {
  const auto place = [&](const Key& key) {
    if (key.table.empty()) return std::pair(size_t{0}, place_in(top_order, key.name));
    const auto group = std::ranges::find(groups_, key.table, &Group::name);
    assert(group != groups_.end());
    return std::pair(static_cast<size_t>(1 + (group - groups_.begin())),
                     place_in(group->order, key.name));
  };
  // Keys of the same place stay in the order in which they were added.
  for (Key& key : keys)
    keys_.insert(std::ranges::upper_bound(keys_, place(key), {}, place), std::move(key));
}

const Key* Schema::find_key(std::string_view table, std::string_view name) const {
  const auto found = std::ranges::find_if(
      keys_, [&](const Key& key) { return key.table == table && key.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

bool Schema::has_keys_within(std::string_view table, std::string_view name) const {
  return std::ranges::any_of(keys_, [&](const Key& key) {
    return key.table == table && key.name.size() > name.size() && key.name.starts_with(name) &&
           key.name[name.size()] == '.';
  });
}

const Group* Schema::find_group(std::string_view name) const {
  const auto found = std::ranges::find(groups_, name, &Group::name);
  return found == groups_.end() ? nullptr : &*found;
}

std::string Schema::full_name(const Key& key) const {
  if (key.table.empty()) return std::string(key.name);
  const Group& group = *find_group(key.table);
  if (group.tables.form != Tables::Form::single)
    return std::string(key.name) + " in " + header(group);
  return std::string(key.table) + '.' + std::string(key.name);
}

size_t Schema::distance(std::string_view found_in, std::string_view name, const Key& key) {
  const size_t other_table = key.table == found_in ? 0 : found_in.empty() ? 1 : kOtherTable;
  size_t nearest = step_between(name, key.name);
  if (key.name.contains('.')) {
    const size_t last_part = step_between(last_part_of(name), last_part_of(key.name));
    if (last_part != kFar) nearest = std::min(nearest, last_part + 1);
  }
  return nearest == kFar ? kFar : nearest + other_table;
}

std::string Schema::nearest_to(std::string_view table, std::string_view name) const {
  name = name.substr(0, kLongestName);
  std::string best;
  size_t best_distance = kFar;
  const auto consider = [&](size_t distance, std::string text) {
    if (distance >= best_distance) return;
    best_distance = distance;
    best = std::move(text);
  };
  for (const Key& key : keys_) {
    std::string text = key.table == table ? std::string(key.name) : full_name(key);
    if (key.table.empty() && !table.empty()) text += " at the top of the file";
    consider(distance(table, name, key), std::move(text));
  }
  for (const Group& group : groups_) {
    const size_t step = step_between(name, group.name);
    if (step != kFar) consider(step + (table.empty() ? 0 : kOtherTable), header(group));
  }
  return best;
}

std::string Schema::keys_of(std::string_view table) const {
  std::string names;
  for (const Key& key : keys_) {
    if (key.table == table) names.append(names.empty() ? "" : ", ").append(key.name);
  }
  return names;
}

std::string Schema::nearest_header(std::string_view name) const {
  name = name.substr(0, kLongestName);
  const auto nearest = std::ranges::min_element(
      groups_, {}, [&](const Group& group) { return edit_distance(name, group.name); });
  return step_between(name, nearest->name) == kFar ? "" : header(*nearest);
}

}  // namespace weir::config
