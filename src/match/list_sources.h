// Where the entries of a list are from, in the bytes of its image.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "match/list_entry.h"

namespace weir::match {

/// One of the files and texts that a list is made from.
struct ListSource {
  /// As the maker of the list names it: a path, a URL.
  std::string name;
  /// The lines of all sources have running numbers, by which entries name them. The number of this
  /// source's first one, from 0.
  uint32_t first_line = 0;
  ListReport report;
  friend bool operator==(const ListSource&, const ListSource&) = default;
};

/// A line of a source.
struct ListPlace {
  /// Its place among the sources.
  size_t source;
  /// From 1.
  uint32_t line;
};
/// nullopt if there is no source before `line`, which is a running number.
std::optional<ListPlace> place_of(std::span<const ListSource> sources, uint32_t line);

std::vector<std::byte> bytes_of(std::span<const ListSource> sources);
/// nullopt if `bytes` are not what bytes_of() makes, with any zeros behind.
std::optional<std::vector<ListSource>> sources_in(std::span<const std::byte> bytes);

}  // namespace weir::match
