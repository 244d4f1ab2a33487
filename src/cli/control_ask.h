// `weir status` and `weir reload`.
#pragma once
#include "cli/command_line.h"

namespace weir::cli {

/// Asks the Weir that listens at the command's path, and returns what to print of its answer: at
/// most 1 MiB, with controls escaped. The status is 1 if nobody answers or if the answer is a
/// complaint.
Command ask_running(const ControlCommand& command);

}  // namespace weir::cli
