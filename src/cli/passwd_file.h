// The file of logins as `weir passwd` changes it: it is another one at once, or stays as it was.
#pragma once
#include <string>

namespace weir::cli {

/// Why `put_login` would leave it alone, as far as that can be told before: what is there and is no
/// ordinary file stays. Empty if nothing speaks against it.
std::string why_no_logins(const std::string& name);

/// Puts `line` in the place of the user's, or at the end, into a file that takes the old one's
/// place with its mode and owner; behind a link is the file that is meant. Others who do so at the
/// same time take turns. Empty, or why not: then nothing was changed.
std::string put_login(const std::string& name, const std::string& user, const std::string& line);

}  // namespace weir::cli
