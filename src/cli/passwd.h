// `weir passwd FILE USER`.
#pragma once
#include <string>

namespace weir::cli {

/// Asks for the password (twice on a terminal, without showing it; else it reads one line of
/// standard input), and replaces the user's line in the file or adds one. The file is replaced
/// atomically, or stays as it was. Returns the exit status.
int set_password(const std::string& file, const std::string& user);

}  // namespace weir::cli
