// The line of a list, as its author wrote it.
#pragma once
#include <string>
#include <string_view>

namespace weir::explain {

/// What stands at `place`, which is FILE:LINE, without blanks around it. Empty if it can't be read,
/// is empty, or is longer than an entry of a list may be. The file may have changed since the list
/// was made from it. Reads the file up to that line, and only ordinary files: not for a worker's
/// thread.
std::string line_at(std::string_view place);

}  // namespace weir::explain
