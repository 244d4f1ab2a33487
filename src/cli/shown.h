// Text that any program may have written, made safe for a terminal.
#pragma once
#include <string>
#include <string_view>

namespace weir::cli {

/// Replaces control characters other than newlines and tabs, and bytes that are not UTF-8, with
/// \xHH. The text may come in pieces that end within a character.
class Shown {
 public:
  /// The part of all pieces so far that is certain and was not returned before.
  std::string add(std::string_view piece);
  /// The same for what add() kept, since the text ends here.
  std::string end();

 private:
  /// At most three bytes, with which a character may begin.
  std::string kept_;
};

}  // namespace weir::cli
