#include "control/bell.h"

#include <sys/eventfd.h>

namespace weir::control {

bool Bell::open() {
  if (event_.get() >= 0) return true;
  event_ = Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  ringing_ = event_.get();
  return event_.get() >= 0;
}

void Bell::clear() const {
  eventfd_t count;
  eventfd_read(event_.get(), &count);
}

void Bell::ring() const noexcept {
  // Before open() there is no poll() to interrupt: the serving thread looks at what has rung before
  // it waits.
  if (const int event = ringing_; event >= 0) eventfd_write(event, 1);
}

}  // namespace weir::control
