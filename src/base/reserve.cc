#include "base/reserve.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "base/account.h"
#include "base/clock.h"

namespace weir::base {
namespace {
std::array<std::atomic<void*>, Reserve::kPieces> pieces{};
std::atomic<bool> drawn{false};
std::atomic<uint64_t> drawn_ms{0};

/// Called by operator new, which tries again when this returns.
void draw() {
  drawn.store(true);
  drawn_ms.store(monotonic_ms());
  Account::set_exhausted(true);
  for (auto& piece : pieces) {
    if (void* const memory = piece.exchange(nullptr)) return std::free(memory);
  }
  throw std::bad_alloc();
}
}  // namespace

void Reserve::install() {
  refill();
  std::set_new_handler(draw);
}

void Reserve::refill() noexcept {
  drawn.store(false);
  for (auto& piece : pieces) {
    if (piece.load()) continue;
    void* const memory = std::malloc(kPieceBytes);
    if (!memory) {
      drawn.store(true);
      break;
    }
    if (void* expected = nullptr; !piece.compare_exchange_strong(expected, memory))
      std::free(memory);
  }
  Account::set_exhausted(drawn.load() && monotonic_ms() < drawn_ms.load() + kForgottenMs);
}

bool Reserve::drawn_on() noexcept {
  return drawn.load(std::memory_order_relaxed);
}

}  // namespace weir::base
