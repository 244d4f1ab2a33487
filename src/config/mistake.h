// A mistake in a configuration file, described for the person who wrote it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// Counted from 1, columns in characters; 0 if there is no place to name.
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
  /// For an unknown key: the known one whose spelling is nearest.
  std::string nearest;

  /// One line: `weir.toml:3:1: unknown key "clinets"; expected a key of [[listener]]; the nearest
  /// one is clients`.
  std::string text() const;
};

/// One line for each mistake.
std::string text_of(const std::vector<Mistake>& mistakes);

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to turn one
/// text into the other. Both should be short: the time grows with the product of their lengths.
size_t edit_distance(std::string_view a, std::string_view b);

/// `text` in double quotes, with controls, quotes and backslashes escaped as in TOML, and cut to a
/// length that fits a line.
std::string in_quotes(std::string_view text);

}  // namespace weir::config
