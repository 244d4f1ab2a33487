// Memory kept in reserve for when the system gives none: under a limit of address space, or on a
// machine that does not overcommit.
#pragma once
#include <cstdint>

namespace weir::base {

/// The process's only reserve. While it is in use, the account reports Memory::over, so that idle
/// connections are closed and no new ones accepted, while running exchanges go on with memory from
/// the reserve. Once the reserve is empty too, operator new throws.
class Reserve {
 public:
  static constexpr int kPieces = 32;
  static constexpr uint64_t kForgottenMs = 1000;
  static constexpr int kPieceBytes =
      120 * 1024;  // Small enough that malloc takes it from the heap and free() returns it there.

  /// Fills the reserve, and makes operator new draw on it from then on. Called once, by the main
  /// thread.
  static void install();
  /// Refills the reserve as far as the system has memory again. The account stops reporting
  /// Memory::over once the reserve is full, or kForgottenMs after the last draw, since memory that
  /// others hold may never come back. Any thread.
  static void refill() noexcept;
  static bool drawn_on() noexcept;
};

}  // namespace weir::base
