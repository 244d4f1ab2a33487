// Every key that a file may have, put together from the lists of the folders.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace weir::config {

/// How a group of tables is stored: each table in a struct of its own, which the root struct has in
/// a vector or map. A group with a single table has its values in the root struct itself.
struct Tables {
  enum class Form : uint8_t {
    single,  // [name]
    array,   // [[name]], as often as the file likes
    named,   // [name.NAME]
  } form = Form::single;
  /// Removes all elements.
  std::function<void(Object root)> clear = {};
  /// Adds an element to an array; finds or adds the element of that name. The element is valid
  /// until the next one is added.
  std::function<Object(Object root, std::string name)> add = {};
  /// The first element; nothing if there is none.
  std::function<std::optional<Object>(Object root)> first = {};
};

template <class Root, class Element>
Tables array_of(std::vector<Element> Root::* elements) {
  using Objects = std::optional<Object>;
  return {
      .form = Tables::Form::array,
      .clear = [=](Object root) { (root.as<Root>().*elements).clear(); },
      .add = [=](Object root,
                 const std::string&) { return Object((root.as<Root>().*elements).emplace_back()); },
      .first =
          [=](Object root) {
            auto& all = root.as<Root>().*elements;
            return all.empty() ? Objects() : Objects(Object(all.front()));
          }};
}
template <class Root, class Element>
Tables named_tables(std::map<std::string, Element> Root::* elements) {
  using Objects = std::optional<Object>;
  return {.form = Tables::Form::named,
          .clear = [=](Object root) { (root.as<Root>().*elements).clear(); },
          .add = [=](Object root,
                     const std::string& name) { return Object((root.as<Root>().*elements)[name]); },
          .first =
              [=](Object root) {
                auto& all = root.as<Root>().*elements;
                return all.empty() ? Objects() : Objects(Object(all.begin()->second));
              }};
}

/// The tables of one name in the file.
struct Group {
  std::string_view name;
  std::string_view doc;
  /// Names of keys, separated by blanks, in the order in which texts show them; other keys follow.
  /// Needed where several folders have keys in the table.
  std::string_view order = {};
  Tables tables = {};
};

/// The known keys and tables. Immutable once made; any thread may use it.
class Schema {
 public:
  /// `top_order` is the Group::order of the keys at the top of the file.
  Schema(std::string_view top_order, std::vector<Group> groups, std::vector<Key> keys);

  /// In the order in which they are shown: top-level keys first, then group by group.
  std::span<const Key> keys() const { return keys_; }
  std::span<const Group> groups() const { return groups_; }
  const Key* find_key(std::string_view table, std::string_view name) const;
  /// True if keys of the table have a name that begins with `name` and a dot: in a file, `name` is
  /// a table within the table.
  bool has_keys_within(std::string_view table, std::string_view name) const;
  const Group* find_group(std::string_view name) const;

  /// The key's name as texts show it: `limits.head`, `clients in [[listener]]`.
  std::string full_name(const Key& key) const;
  /// The known key or table whose spelling is nearest to the unknown `name` in `table`; empty if
  /// none is near. A name without the table that it is in, as `host` for `what.host`, is near.
  std::string nearest_to(std::string_view table, std::string_view name) const;
  /// The names of all keys of a table: "address, clients".
  std::string keys_of(std::string_view table) const;
  /// The line that begins the table whose name is nearest: `[[rule]]`; empty if none is near.
  std::string nearest_header(std::string_view name) const;

 private:
  /// In half letters. `found_in`: the table of the unknown name.
  static size_t distance(std::string_view found_in, std::string_view name, const Key& key);

  std::vector<Group> groups_;
  std::vector<Key> keys_;
};

/// The line that begins a table of the group: `[limits]`, `[[listener]]`, `[lists.NAME]`, where
/// `name` stands for NAME.
std::string header(const Group& group, std::string_view name = {});

}  // namespace weir::config
