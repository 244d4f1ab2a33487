#include "base/event_log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>

namespace weir::base {

std::atomic<bool> debug_enabled{false};

namespace {

/// Two that both see room would both write.
std::mutex mutex;
uint64_t lost = 0;

/// A pipe that says it can be written takes so much at once, and what nobody reads no thread waits for.
bool write_now(std::string_view text) {
  constexpr size_t kAtOnce = 4096;
  while (!text.empty()) {
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    if (poll(&out, 1, 0) != 1) return false;
    const ssize_t n = write(STDERR_FILENO, text.data(), std::min(text.size(), kAtOnce));
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

void log_event(std::string_view line) {
  std::string whole = "weir: ";
  whole.append(line).append(1, '\n');
  std::lock_guard lock(mutex);
  if (lost > 0) whole.insert(0, "weir: lines for standard error that found no room: " + std::to_string(lost) + "\n");
  if (write_now(whole)) {
    lost = 0;
  } else {
    ++lost;
  }
}

}  // namespace weir::base
