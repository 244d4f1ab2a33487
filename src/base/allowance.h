// How much may move, and how fast.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/memory.h"
#include "base/ref.h"

namespace weir::base {

/// What a limit leaves whoever moves bytes. Not before next_ms(), move at most portion(), and say
/// so by spend(). Others move bytes of the same allowance meanwhile, so ask before each portion.
/// Used on one worker's thread.
class Allowance : public Counted<Allowance>, public Pooled {
 public:
  virtual ~Allowance() = default;
  /// Bytes to move at once, so that no pause is long. Never 0.
  virtual size_t portion() const = 0;
  /// When the next portion may move, by the clock of the event loop; it may be past.
  virtual uint64_t next_ms() const = 0;
  /// `bytes` move now, by the same clock. An error if these were too many: then they must not move.
  virtual Result<void> spend(size_t bytes, uint64_t now_ms) = 0;
};

}  // namespace weir::base
