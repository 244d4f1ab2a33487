// Frees resources of a worker while memory, connections or descriptors are near their limit.
#pragma once
#include "async/deadline.h"
#include "origin/pool/pool.h"
#include "proxy/shared.h"
#include "server/live_connections.h"

namespace weir::proxy {

/// One per worker, whose connections it closes: idle ones first, then those whose content moves too
/// slowly.
class Relief {
 public:
  /// `self` is this worker; requests for help go to the others only. All arguments outlive this.
  Relief(Shared& shared, const Colleague& self, server::LiveConnections& connections,
         origin::Pool& pool)
      : shared_(shared), self_(self), connections_(connections), pool_(pool) {}
  Relief(const Relief&) = delete;

  /// The rate, in bytes per second, below which content may be cut while resources are scarce; 0:
  /// none is cut.
  void use_lowest_rate(uint64_t lowest_rate) { lowest_rate_ = lowest_rate; }
  /// True if memory or connections are near their limit. Connections count only if a lowest rate is
  /// set.
  bool crowded() const;
  /// Runs relieve() in this turn of the loop, and again until there is enough. Allocates no memory.
  void relieve_soon();
  /// Call it at the limit of connections: closes an idle client connection, of this worker or of
  /// others.
  void make_room();
  /// Call it when descriptors have run out: closes an idle connection, to an origin if there is
  /// one. True if one of this worker is closed on return.
  bool free_descriptor();

 private:
  void relieve();
  /// Closes idle connections, at most as many as one turn should.
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
