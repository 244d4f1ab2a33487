#include "config/tables.h"

#include "config/value.h"

namespace weir::config {
namespace {

/// `[[name]]` is a list of tables.
bool is_header(const toml::node& node) {
  const auto* const array = node.as_array();
  return node.is_table() || (array && !array->empty() && array->front().is_table());
}

}  // namespace

void TableReader::read(const toml::table& file, uint32_t number) {
  file_ = number;
  for (const auto& [key, node] : file) read_at_top(key, node);
}

void TableReader::find_missing() {
  for (const Group& group : schema_.groups()) {
    for (const TableSource& table : sources_.tables(group.name)) {
      for (const Key& key : schema_.keys()) {
        if (key.table != group.name || !key.required || table.values.contains(key.name)) continue;
        mistakes_.add(table.at, header(group, table.name) + " has no " + std::string(key.name),
                      expectation(key));
      }
    }
  }
}

void TableReader::unknown(const toml::key& key, std::string_view name, std::string_view table,
                          std::string expected) {
  std::string nearest;
  if (!table.empty() && schema_.find_key("", key.str())) {
    // TOML has no way back from a table.
    expected +=
        ": " + std::string(key.str()) + " is a key of the top of the file, above the first table";
  } else if (!mistakes_.full()) {
    nearest = schema_.nearest_to(table, name);
    if (nearest.empty() && !table.empty()) expected += ": " + schema_.keys_of(table);
  }
  mistakes_.add(place_of(key.source(), file_), "unknown key " + in_quotes(name),
                std::move(expected), std::move(nearest));
}

void TableReader::no_table(const Place& at, std::string_view name, const toml::node& node,
                           std::string expected) {
  mistakes_.add(at, std::string(name) + " is " + shown(node), std::move(expected));
}

void TableReader::read_at_top(const toml::key& key, const toml::node& node) {
  if (const Group* group = schema_.find_group(key.str())) {
    read_group(*group, key, node);
  } else if (const Key* known = schema_.find_key("", key.str())) {
    read_value(*known, node, root_, sources_.table("", {file_, {}}));
  } else if (is_header(node) && !mistakes_.full()) {
    // Keys have no tables as their values.
    mistakes_.add(place_of(key.source(), file_), "unknown key " + in_quotes(key.str()),
                  "a known key or table", schema_.nearest_header(key.str()));
  } else {
    unknown(key, key.str(), "", "a known key or table");
  }
}

void TableReader::read_group(const Group& group, const toml::key& key, const toml::node& node) {
  switch (group.tables.form) {
    case Tables::Form::single: return read_only_table(group, node);
    case Tables::Form::array: return read_array(group, key, node);
    case Tables::Form::named: return read_named_tables(group, key, node);
  }
}

void TableReader::read_only_table(const Group& group, const toml::node& node) {
  const Place at = place_of(node.source(), file_);
  const auto* const table = node.as_table();
  if (!table) return no_table(at, group.name, node, "a table, written as " + header(group));
  read_table(*table, group, root_, sources_.table(group.name, at));
}

void TableReader::read_array(const Group& group, const toml::key& key, const toml::node& node) {
  const auto* const array = node.as_array();
  if (!array || !array->is_homogeneous(toml::node_type::table)) {
    return no_table(place_of(key.source(), file_), group.name, node,
                    "tables, each begun by a line " + header(group));
  }
  // The first element in a file replaces the default ones.
  if (sources_.tables(group.name).empty()) group.tables.clear(root_);
  for (const auto& element : *array) {
    read_table(*element.as_table(), group, group.tables.add(root_, {}),
               sources_.add_element(group.name, place_of(element.source(), file_)));
  }
}

void TableReader::read_named_tables(const Group& group, const toml::key& key,
                                    const toml::node& node) {
  const auto* const named = node.as_table();
  if (!named) {
    return no_table(place_of(key.source(), file_), group.name, node,
                    "tables, each begun by a line " + header(group));
  }
  if (sources_.tables(group.name).empty()) group.tables.clear(root_);
  for (const auto& [name, element] : *named) {
    const Place at = place_of(element.source(), file_);
    if (const auto* const table = element.as_table()) {
      read_table(*table, group, group.tables.add(root_, std::string(name.str())),
                 sources_.table(group.name, at, name.str()));
    } else {
      no_table(at, name.str(), element, "a table, written as " + header(group, name.str()));
    }
  }
}

void TableReader::read_table(const toml::table& table, const Group& group, Object object,
                             TableSource& source, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const Key* const known = schema_.find_key(group.name, name);
    const bool is_within = schema_.has_keys_within(group.name, name);
    if (is_within && node.is_table()) {
      // At most as deep as the names of keys are.
      read_table(*node.as_table(), group, object, source, name + '.');
    } else if (known) {
      read_value(*known, node, object, source);
    } else if (is_within) {
      no_table(place_of(node.source(), file_), name, node, "a table of its keys");
    } else {
      unknown(key, name, group.name, "a key of " + header(group, source.name));
    }
  }
}

void TableReader::read_value(const Key& key, const toml::node& node, Object object,
                             TableSource& source) {
  const auto [known, is_new] = source.values.try_emplace(std::string(key.name));
  if (!is_new) {
    // Within one file, TOML itself forbids this.
    mistakes_.add(
        place_of(node.source(), file_),
        std::string(key.name) + " is set in " + mistakes_.text_of(known->second.at) + " already",
        "each key in one file only");
    return;
  }
  const size_t before = mistakes_.count();
  known->second = read_node(key, node, file_, key.slot(object), mistakes_);
  if (key.also && mistakes_.count() == before)
    (void)read_node(key, node, file_, key.also(object), mistakes_);
}

}  // namespace weir::config
