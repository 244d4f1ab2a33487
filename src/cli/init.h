// `weir init`: writes a configuration to begin with.
#pragma once
#include <string>

#include "cli/command_line.h"

namespace weir::cli {

/// Writes the configuration for `life` to `file`, and returns what to do next as the output. Never
/// writes to what exists already: then, and if the life is unknown, there is a complaint.
Command init(const std::string& life, const std::string& file);

}  // namespace weir::cli
