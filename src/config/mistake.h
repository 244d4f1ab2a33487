// A mistake in a configuration file, described for the person who wrote it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::config {

/// Counted from 1, columns in characters; 0 if there is no place to name.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// A position in one of the files that a configuration is read from.
struct Place {
  /// The number that Mistakes::add_file() gave to the file.
  uint32_t file = 0;
  Position at;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Mistake {
  std::string file;
  Position at;
  std::string found;
  std::string expected;
  /// For an unknown key: the known one whose spelling is nearest.
  std::string nearest;

  /// One line, without control characters: `weir.toml:3:1: unknown key "clinets"; expected a key of
  /// [[listener]]; the nearest one is clients`.
  std::string text() const;
};

/// One line for each mistake.
std::string text_of(const std::vector<Mistake>& mistakes);

/// Collects the mistakes in the files of one configuration.
class Mistakes {
 public:
  /// Returns the file's number, by which places name it.
  uint32_t add_file(std::string name);
  /// The name of the file that the place is in.
  const std::string& file(const Place& place) const { return files_[place.file]; }
  /// `weir.toml:3:1`
  std::string text_of(const Place& place) const;
  /// `weir.toml:3`
  std::string line_of(const Place& place) const {
    return files_[place.file] + ':' + std::to_string(place.at.line);
  }

  /// A file that is no configuration at all may have hundreds of thousands: telling those would
  /// take many seconds, in which a running Weir's main thread does nothing else.
  static constexpr size_t kMost = 10'000;

  /// Beyond kMost, the mistake is only counted.
  void add(const Place& place, std::string found, std::string expected, std::string nearest = {});
  /// No further one will be kept: whoever has to search for words need not.
  bool full() const { return found_.size() >= kMost; }
  size_t count() const { return found_.size() + more_; }
  /// All that were kept, in the order of the files' numbers, and within a file in the order of its
  /// text; then how many more there are.
  std::vector<Mistake> in_order() &&;

 private:
  std::vector<std::string> files_;
  std::vector<std::pair<Place, Mistake>> found_;
  size_t more_ = 0;
};

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to turn one
/// text into the other. Both should be short: the time grows with the product of their lengths.
size_t edit_distance(std::string_view a, std::string_view b);

/// `text` with control characters escaped as in TOML. A value or name that somebody chose must not
/// move a terminal's cursor, nor begin a line that looks like one of Weir's own.
std::string without_controls(std::string_view text);

/// `text` in double quotes, with controls, quotes and backslashes escaped as in TOML, and cut to a
/// length that a mistake has room for.
std::string in_quotes(std::string_view text);

}  // namespace weir::config
