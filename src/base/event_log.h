// Rare lines for the person who runs Weir, on standard error: start, reload, faults of its own;
// and, with --debug, each request.
#pragma once
#include <atomic>
#include <string_view>

namespace weir::base {

/// Writes `weir: ` and the line, whole, whichever thread calls. Never waits: where standard error
/// takes nothing the line is lost, which the next one that is written says.
void log_event(std::string_view line);

/// Set at start and by a reload; read by all threads.
extern std::atomic<bool> debug_enabled;

}  // namespace weir::base
