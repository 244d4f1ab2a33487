#include "async/task.h"

#include <atomic>
#include <exception>

namespace weir::async {
namespace {
std::atomic<uint64_t> caught{0};
}

base::Error error_of_current_exception() noexcept {
  caught.fetch_add(1, std::memory_order_relaxed);
  try {
    throw;
  } catch (const std::exception& e) {
    return base::Error(base::ErrorType::proxy_internal_error, 500, e.what());
  } catch (...) {
    return base::Error(base::ErrorType::proxy_internal_error, 500, "unknown exception");
  }
}

uint64_t exceptions_caught() { return caught.load(std::memory_order_relaxed); }

}  // namespace weir::async
