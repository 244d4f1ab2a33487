// The text that --version prints.
#pragma once
#include <string>
#include <string_view>

namespace weir::cli {

/// Several lines: version, compiler, libraries, features. `more_libraries`: names and versions of
/// libraries that only the caller knows, separated by ", ".
std::string version_text(std::string_view more_libraries);

}  // namespace weir::cli
