// Writes rare messages for the person who runs Weir to standard error: start, reload, internal
// faults; and, with --debug, each request.
#pragma once
#include <atomic>
#include <string_view>

namespace weir::base {

/// Writes `weir: ` and the line, in one piece. Any thread. Never waits: if standard error takes
/// nothing, the line is lost, and the next line that can be written reports the loss.
void log_event(std::string_view line);

/// Set at start and by a reload; read by all threads.
extern std::atomic<bool> debug_enabled;

}  // namespace weir::base
