// What is wrong in a configuration file, for the person who wrote it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// Counted from 1, in characters; 0 where there is no place to name.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Mistake {
  std::string file;
  Position at;
  std::string found;
  std::string expected;
  /// For an unknown key: the known one that is written most like it.
  std::string nearest;

  /// One line: `weir.toml:3:1: unknown key "clinets"; expected a key of [[listener]]; the nearest
  /// one is clients`.
  std::string text() const;
};

/// Each on a line of its own.
std::string text_of(const std::vector<Mistake>& mistakes);

/// How many letters must be put in, left out, replaced or swapped with their neighbour to make one
/// text of the other. Both should be short: it takes time and memory of their product.
size_t edit_distance(std::string_view a, std::string_view b);

/// In double quotes, controls, quotes and backslashes escaped as in TOML, cut to a length that a
/// line bears.
std::string in_quotes(std::string_view text);

}  // namespace weir::config
