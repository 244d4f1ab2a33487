// How far a thread steps back for others.
#pragma once
#include <sys/resource.h>

namespace weir::base {

/// As setpriority(2) has it: 0 is that of a process that was started without `nice`, and so of the
/// workers; 19 gets the least where there are too few CPUs.
struct Niceness {
  int value = 0;
};

/// For password checks and other work that somebody waits for, but not in each request.
inline constexpr Niceness kBehindWorkers{10};

/// Sets that of this thread alone, as Linux does. A process that is nicer already, and may not
/// change that, stays as it is.
inline void set_thread_niceness(Niceness niceness) {
  setpriority(PRIO_PROCESS, 0, niceness.value);
}

}  // namespace weir::base
