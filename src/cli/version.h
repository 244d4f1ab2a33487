// What this program is and was built from.
#pragma once
#include <string>
#include <string_view>

namespace weir::cli {

/// Several lines, for --version: version, compiler, libraries, features. `more_libraries`: names
/// and versions of those that are known elsewhere, separated by ", ".
std::string version_text(std::string_view more_libraries);

}  // namespace weir::cli
