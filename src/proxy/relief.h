// What a worker does while memory, connections or descriptors come near their limit.
#pragma once
#include "async/deadline.h"
#include "origin/pool/origin_connection.h"
#include "proxy/shared.h"
#include "server/live_connections.h"

namespace weir::proxy {

/// Of a worker, whose connections it closes: idle ones first, then those that drip.
class Relief {
 public:
  /// `self` is the worker, which is not among the others that are asked. All of them outlive this.
  Relief(Shared& shared, const Colleague& self, server::LiveConnections& connections,
         origin::Pool& pool)
      : shared_(shared), self_(self), connections_(connections), pool_(pool) {}
  Relief(const Relief&) = delete;

  /// Bytes a second that content has to move by while little is left; 0: nothing is cut.
  void use_lowest_rate(uint64_t lowest_rate) { lowest_rate_ = lowest_rate; }
  /// Memory or connections come near their limit.
  bool crowded() const;
  /// Relieves in this turn of the loop, and again until there is enough. Asks for no memory.
  void relieve_soon();
  /// There are as many clients as there may be: an idle one is closed, here or elsewhere.
  void make_room();
  /// Descriptors have run out: idle origin connections go first. True: one of this worker has gone.
  bool free_descriptor();

 private:
  void relieve();
  /// Closes what is idle, as much as one turn should.
  void close_idle();
  void refill_reserve();
  void ask_others(bool scarce);

  Shared& shared_;
  const Colleague& self_;
  server::LiveConnections& connections_;
  origin::Pool& pool_;
  uint64_t lowest_rate_ = 0;
  async::Alarm<Relief, &Relief::relieve> alarm_{*this};
};

}  // namespace weir::proxy
