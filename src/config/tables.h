// Reads the tables of parsed files into the structs that a schema names.
#pragma once
#include <string>

#include "config/node.h"
#include "config/schema.h"

namespace weir::config {

/// Reads the files of one configuration. It fills `root`, the struct of the keys at the top of the
/// file, and records where each value is and what is wrong. It owns none of these.
class TableReader {
 public:
  TableReader(const Schema& schema, Object root, Sources& sources, Mistakes& mistakes)
      : schema_(schema), root_(root), sources_(sources), mistakes_(mistakes) {}

  /// Reads a whole file. Tables of an array are added to those of the files before; a key that is
  /// set again is a mistake.
  void read(const toml::table& file, uint32_t number);
  /// Finds the tables without a key that they must have. Called when all files have been read.
  void find_missing();

 private:
  void unknown(const toml::key& key, std::string_view name, std::string_view table,
               std::string expected);
  void no_table(const Place& at, std::string_view name, const toml::node& node,
                std::string expected);
  void read_at_top(const toml::key& key, const toml::node& node);
  void read_group(const Group& group, const toml::key& key, const toml::node& node);
  void read_only_table(const Group& group, const toml::node& node);
  void read_array(const Group& group, const toml::key& key, const toml::node& node);
  void read_named_tables(const Group& group, const toml::key& key, const toml::node& node);
  /// `prefix`: of the names of keys; a key `who.user` is `user` in a table `who` within the table.
  void read_table(const toml::table& table, const Group& group, Object object, TableSource& source,
                  const std::string& prefix = {});
  void read_value(const Key& key, const toml::node& node, Object object, TableSource& source);

  const Schema& schema_;
  const Object root_;
  Sources& sources_;
  Mistakes& mistakes_;
  /// The number of the file that is being read.
  uint32_t file_ = 0;
};

}  // namespace weir::config
