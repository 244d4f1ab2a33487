// Reads a list in any of the forms in which people publish them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "match/list_line.h"
#include "match/list_zone.h"

namespace weir::match {

/// A longer line is not taken.
inline constexpr size_t kLongestListLine = 4096;
/// The most bytes of one file.
inline constexpr uint64_t kLargestListFile = uint64_t{256} << 20;
/// The most entries of one file.
inline constexpr uint32_t kMostListEntries = uint32_t{1} << 24;

/// What is wrong with a line of the owner's own.
ListFault fault_in_list_line(std::string_view line);

/// Splits a text that comes in pieces into lines, recognises each line's form (ListForm), and gives
/// the entries to a sink. Use it once. Holds one line.
class ListReader {
 public:
  /// `sink` outlives this.
  explicit ListReader(ListSink& sink, ListOrigin origin = ListOrigin::file)
      : lines_(sink, report_, origin), zone_(lines_) {}
  ListReader(const ListReader&) = delete;

  /// Returns false if the text is refused: finish() says why, and no more need be given.
  bool feed(std::string_view piece);
  /// The report, or why the text is no list as a whole: it is something else, most of it is not
  /// understood, or a limit is passed. What the sink was given is then worth nothing.
  base::Result<ListReport> finish() &&;

 private:
  friend ListFault fault_in_list_line(std::string_view line);
  void line(std::string_view text);
  void recognise_beginning(std::string_view text);
  ListFault read(std::string_view text);
  void note(const ListFault& fault, std::string_view text);
  bool is_mostly_faults() const;
  void judge();
  void refuse(std::string why) {
    if (refused_.empty()) refused_ = std::move(why);
  }

  ListReport report_;
  LineReader lines_;
  ZoneReader zone_;
  uint64_t bytes_ = 0;
  /// The beginning of a line that is not complete yet; of one that is too long, only so much.
  std::string begun_;
  bool seen_text_ = false;
  /// Why the whole is refused; empty: it is not.
  std::string refused_;
};

}  // namespace weir::match
