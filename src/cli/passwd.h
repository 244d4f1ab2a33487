// `weir passwd FILE USER`.
#pragma once
#include <string>

namespace weir::cli {

/// Asks for the password (twice, on a terminal, without showing it; else one line of standard
/// input), and replaces the user's line in the file or adds one: the file is another one at once,
/// or stays as it was. Returns the exit status.
int set_password(const std::string& file, const std::string& user);

}  // namespace weir::cli
