// Looks names up for the command line.
#pragma once
#include <expected>
#include <string>
#include <vector>

namespace weir::cli {

struct LookedUp {
  /// Each once, at most 16.
  std::vector<std::string> addresses;
  /// The name at the end of its CNAME records, if that is another one.
  std::vector<std::string> aliases;
};

/// What this machine's resolver has for a name. Waits for it. The error is a text for a person.
std::expected<LookedUp, std::string> look_up(const std::string& name);

}  // namespace weir::cli
