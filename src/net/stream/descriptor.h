// An open descriptor that its worker's event loop watches.
#pragma once
#include <cstdint>

#include "async/byte_stream.h"
#include "async/event_loop.h"

namespace weir::net {

/// Owns a descriptor and its place in the current loop; passes edges on to a Readiness. Not
/// movable: the loop points to it.
class Descriptor final : public async::EventSink {
 public:
  /// Takes ownership of `descriptor`, which must be non-blocking. `readiness` outlives this.
  Descriptor(int descriptor, async::Readiness& readiness);
  Descriptor(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return descriptor_; }
  /// 0 if the loop accepted the descriptor, else errno's value (out of memory or watches).
  int error() const { return slot_ < 0 ? static_cast<int>(-slot_) : 0; }

 private:
  void on_events(uint32_t epoll_events) override;

  int descriptor_;
  int64_t slot_;
  async::Readiness& readiness_;
};

/// Sets how many descriptors of sockets the process may have open at once, so that some are left
/// for everything else. Any thread.
void set_most_descriptors(uint32_t most);
/// Whether one more may be opened, and `spare` others after it. Any thread.
bool descriptors_left(uint32_t spare = 0);

}  // namespace weir::net
