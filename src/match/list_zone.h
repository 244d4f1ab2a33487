// Response policy zones: lists in the form of DNS zone files.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "match/list_line.h"

namespace weir::match {

/// Reads the lines of zone files, which are known by what they begin with or by a record's type.
class ZoneReader {
 public:
  /// `lines` outlives this.
  explicit ZoneReader(LineReader& lines) : lines_(lines) {}

  /// True if `line`, which may have a comment, belongs to a zone file.
  bool is_mine(std::string_view line) const;
  /// Of such a line.
  ListFault read(std::string_view line, uint32_t number);

 private:
  struct Record {
    std::string_view type, data;
  };
  ListFault set_origin(std::string_view name);
  void begin_of_authority(std::string_view data);
  ListFault take(const Record& record, uint32_t number);
  ListFault add_trigger(uint32_t number);
  /// The owner of the current record without the name of the zone. Fails where that is not known.
  bool trigger(std::string& name) const;

  LineReader& lines_;
  /// Parentheses that are open, in which a record goes on over the ends of lines.
  bool open_ = false;
  /// In lower case, without the final dot; empty: not known. `origin_` stands behind relative
  /// names, and the zone is named `apex_`.
  std::string origin_, apex_;
  /// As it is written, in lower case; a line that begins with a blank has the owner of the record
  /// before.
  std::string owner_;
};

}  // namespace weir::match
