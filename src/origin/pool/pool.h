// The connections to origins on which another exchange may begin.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/deadline.h"
#include "base/account.h"
#include "base/callback.h"
#include "base/hash.h"
#include "http/decision.h"
#include "origin/config.h"
#include "origin/pool/lease.h"

namespace weir::origin {

/// Those to one authority.
struct PooledConnections {
  async::Link connections;  // Most recently used first.
  size_t count = 0;
  /// Those of them that carry no exchange.
  size_t idle = 0;
};

/// One per worker, which it does not outlive; it outlives its leases. Idle connections are bounded
/// in total, per authority and in time. One on which bytes arrive while it is idle is closed.
class Pool {
 public:
  /// The argument is an authority.
  using OnFree = base::Callback<std::string_view>;
  /// `on_free` is called whenever an exchange may begin on a connection, or one is closed.
  explicit Pool(const OriginConfig& config, OnFree on_free = {});
  Pool(const Pool&) = delete;
  ~Pool();
  /// The limits from now on. Closes idle connections that are over the new total or have been idle
  /// for too long; `idle_per_origin` counts for connections that become idle later.
  void configure(const OriginConfig& config);

  /// A place on the most recently used connection for `key` that has not been idle for longer than
  /// `max_idle_ms` and whose peer's address `decision` allows; else an empty lease.
  Lease take(const OriginKeyView& key, const http::Decision& decision, uint64_t max_idle_ms,
             uint64_t names_generation);
  /// The first lease of a new connection, or of one that was given away. If the connection can
  /// carry more than one exchange, others may have a place on it from now on.
  Lease lease(base::Ref<OriginConnection> connection);

  /// Idle connections.
  size_t size() const { return size_; }
  /// Closes the most recently used idle connection to `authority`, if there is one.
  void drop_one(std::string_view authority);
  /// Closes the connection that has been idle longest. False if there is none.
  bool drop_oldest();

 private:
  friend class Lease;
  friend class OriginConnection;
  /// An exchange has ended; `reusable`: another may follow it on the connection.
  void end(base::Ref<OriginConnection> connection, bool reusable);
  /// The connection goes elsewhere with its only lease.
  void forget(OriginConnection& connection);
  void put_idle(base::Ref<OriginConnection> connection);
  void list(OriginConnection& connection, PooledConnections& among);
  /// Takes it out of the lists, which gives back the pool's reference to it.
  base::Ref<OriginConnection> unlist(OriginConnection& connection);
  void begin_idle(OriginConnection& connection);
  void end_idle(OriginConnection& connection);
  bool allows(OriginConnection& connection, const http::Decision& decision) const;
  void close(base::Ref<OriginConnection> connection);
  /// Takes the connection out of use; the next sweep closes it, if no exchange runs on it.
  void spoil(OriginConnection& connection);
  PooledConnections& entry_for(std::string_view authority);
  void sweep();
  void forget_empty();

  OriginConfig config_;
  OnFree on_free_;
  /// Entries do not move. Empty ones stay for their next connection, up to a limit.
  std::unordered_map<std::string, PooledConnections, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string, PooledConnections>>>
      by_authority_;
  size_t empty_ = 0;
  async::Link by_age_;   // Longest idle first.
  async::Link spoiled_;  // To be closed by the next sweep, outside of the loop's own callbacks.
  size_t size_ = 0;
  async::Alarm<Pool, &Pool::sweep> sweep_{*this};
};

}  // namespace weir::origin
