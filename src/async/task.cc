#include "async/task.h"

#include <atomic>
#include <exception>
#include <new>

namespace weir::async {
namespace {
std::atomic<uint64_t> caught{0};
/// Made at start, while there is memory for its text.
const base::Error no_memory(base::ErrorType::proxy_internal_error, 503,
                            "The system has no memory left.");

base::Error error_of(const char* what) noexcept {
  try {
    return base::Error(base::ErrorType::proxy_internal_error, what);
  } catch (...) {
    return no_memory;
  }
}
}  // namespace

base::Error error_of_current_exception() noexcept {
  caught.fetch_add(1, std::memory_order_relaxed);
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return no_memory;
  } catch (const std::exception& e) {
    return error_of(e.what());
  } catch (...) {
    return error_of("unknown exception");
  }
}

uint64_t exceptions_caught() {
  return caught.load(std::memory_order_relaxed);
}

}  // namespace weir::async
