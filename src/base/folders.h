// Folders that a path needs.
#pragma once
#include <string>

namespace weir::base {

/// Makes the folder and its missing parents, with mode 0700. Returns empty, or which could not be
/// made and why.
std::string make_folders(const std::string& path);

}  // namespace weir::base
