// How `weir passwd` changes the file of logins: it replaces the file atomically or leaves it as it
// was.
#pragma once
#include <string>

namespace weir::cli {

/// Why put_login() would refuse to change this file, as far as that can be told in advance: it
/// exists and is no ordinary file, or is too large. Empty if nothing is known to prevent it.
std::string why_no_logins(const std::string& name);

/// Replaces the user's line with `line`, or adds it at the end. Writes a new file that takes the
/// old one's place, with its mode and owner; a link is followed. Processes that do this at the same
/// time take turns. Returns empty, or why it failed and nothing was changed.
std::string put_login(const std::string& name, const std::string& user, const std::string& line);

}  // namespace weir::cli
