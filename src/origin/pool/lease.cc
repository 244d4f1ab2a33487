#include "origin/pool/lease.h"

#include <new>

#include "origin/pool/pool.h"

namespace weir::origin {

void Lease::done() {
  http::Pins* const pins = std::exchange(pins_, nullptr);
  if (!pins) return pool_->end(std::move(connection_), true);
  if (!connection_->quiet()) {
    pins->lose(pin_);
    return pool_->end(std::move(connection_), false);
  }
  pool_->forget(*connection_);
  connection_->rest();
  connection_->reused = true;
  pins->put(pin_.text(), std::move(connection_));
}

void Lease::drop() noexcept {
  if (!connection_) return;
  if (http::Pins* const pins = std::exchange(pins_, nullptr)) pins->lose(pin_);
  try {
    pool_->end(std::move(connection_), false);
  } catch (const std::bad_alloc&) {
    // The pool did not list the shared connection again: its other exchanges go on, and it closes
    // with the last of them.
  }
}

base::Ref<OriginConnection> Lease::take() {
  pins_ = nullptr;
  if (connection_) pool_->forget(*connection_);
  return std::move(connection_);
}

}  // namespace weir::origin
