#include "config/schema.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/mistake.h"

namespace weir::config {

namespace {

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

std::string Schema::nearest_to(std::string_view table, std::string_view name) const {
  // Bounds the cost. A name this long is much longer than any key, so its distance to each of them
  // is about its own length.
  name = name.substr(0, 100);
  std::string best;
  size_t best_distance = SIZE_MAX;
  const auto consider = [&](size_t distance, std::string text) {
    if (distance >= best_distance) return;
    best_distance = distance;
    best = std::move(text);
  };
  // A key in another table counts as half a letter further away: of two equally near ones, the one
  // in the same table is meant.
  for (const Key& key : keys_) {
    const bool same = key.table == table;
    consider(2 * edit_distance(name, key.name) + (same ? 0 : 1),
             same ? std::string(key.name) : full_name(key));
  }
  for (const Group& group : groups_)
    consider(2 * edit_distance(name, group.name) + (table.empty() ? 0 : 1), header(group));
  return best;
}

}  // namespace weir::config
