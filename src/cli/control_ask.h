// Asks a running Weir: `weir status`, `weir reload`.
#pragma once
#include <functional>
#include <string_view>

#include "cli/command_line.h"

namespace weir::cli {

/// Writes to standard output. False: it takes no more.
using Print = std::function<bool(std::string_view)>;

/// Asks the Weir that listens at the command's path, and prints its answer as it comes, with
/// controls escaped: a stream to its end, a text up to 1 MiB. Returns what remains to be told. The
/// status is 1 if nobody answers, if the answer is a complaint or ends early, or if it can't be
/// printed.
Command ask_running(const ControlCommand& command, const Print& print);

}  // namespace weir::cli
