// `weir status` and `weir reload`.
#pragma once
#include "config/command_line.h"

namespace weir::proxy {

/// Asks the Weir that listens at the command's path, and returns what is to be printed of its
/// answer: at most 1 MiB, controls escaped. The status is 1 if nobody is there, or if the answer is
/// a complaint.
config::Command ask_running(const config::ControlCommand& command);

}  // namespace weir::proxy
