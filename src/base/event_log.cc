#include "base/event_log.h"

#include <unistd.h>

#include <string>

namespace weir::base {

bool debug_enabled = false;

void log_event(std::string_view line) {
  std::string whole = "weir: ";
  whole.append(line).append(1, '\n');
  size_t written = 0;
  while (written < whole.size()) {
    const ssize_t n = write(STDERR_FILENO, whole.data() + written, whole.size() - written);
    if (n <= 0) return;
    written += static_cast<size_t>(n);
  }
}

}  // namespace weir::base
