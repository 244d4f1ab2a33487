// `weir status` and `weir reload`.
#pragma once
#include "cli/command_line.h"

namespace weir::cli {

/// Asks the Weir that listens at the command's path, and returns what is to be printed of its
/// answer: at most 1 MiB, controls escaped. The status is 1 if nobody is there, or if the answer is
/// a complaint.
Command ask_running(const ControlCommand& command);

}  // namespace weir::cli
