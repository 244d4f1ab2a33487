// Memory kept back for when the system gives none: a limit of address space, a machine that
// promises no more than it has.
#pragma once
#include <cstdint>

namespace weir::base {

/// The process's one reserve. While it is drawn on, the account says that there is too little
/// memory (Memory::over), so that idle connections go and nobody comes in, and what runs goes on
/// with what is given from here. Where that is gone too, operator new throws.
class Reserve {
 public:
  static constexpr int kPieces = 32;
  static constexpr uint64_t kForgottenMs = 1000;
  static constexpr int kPieceBytes =
      120 * 1024;  // Small enough to come from the heap, to which it goes back.

  /// Fills it, and has operator new draw on it from then on. By the main thread, once.
  static void install();
  /// Takes memory back where the system has some again. The account is as it was then, or a while
  /// after the last draw: what others hold may never come back. Any thread.
  static void refill() noexcept;
  static bool drawn_on() noexcept;
};

}  // namespace weir::base
