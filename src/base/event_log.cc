#include "base/event_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/unwaiting.h"

namespace weir::base {

std::atomic<bool> debug_enabled{false};

namespace {

std::mutex mutex;
uint64_t lost = 0;
bool cut = false;  // The last output ended within a line.

bool write_now(std::string_view text) {
  const Unwaiting out(STDERR_FILENO);
  while (!text.empty()) {
    const ssize_t n = out.write(text);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
    cut = !text.empty();
  }
  return true;
}

}  // namespace

void log_event(std::string_view line) {
  std::string whole = "weir: ";
  whole.append(line).append(1, '\n');
  std::lock_guard lock(mutex);
  if (lost > 0)
    whole.insert(
        0, "weir: lines for standard error that found no room: " + std::to_string(lost) + "\n");
  if (cut) whole.insert(0, "\n");
  if (write_now(whole)) {
    lost = 0;
  } else {
    ++lost;
  }
}

}  // namespace weir::base
