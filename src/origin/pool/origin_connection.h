// A connection to an origin, and the idle ones that are kept for the next request.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/deadline.h"
#include "async/input.h"
#include "base/callback.h"
#include "base/hash.h"
#include "base/ip.h"
#include "http/decision.h"
#include "http/session.h"
#include "net/stream/tcp_stream.h"
#include "origin/config.h"
#include "origin/pool/origin_slots.h"

namespace weir::origin {

/// Those to one authority that are idle.
struct IdleConnections {
  async::Link connections;  // The one used last first.
  size_t count = 0;
};

/// Owned by the exchange that uses it, by the pool, or by a client connection's pins.
class OriginConnection final : public http::PinnedConnection, private async::Link {
 public:
  OriginConnection(std::unique_ptr<net::TcpStream> stream, std::string authority,
                   base::Endpoint peer, base::AddressSource source)
      : stream(std::move(stream)), authority(std::move(authority)), peer(peer), source(source) {}

  /// Nothing has arrived since the last response ended, and the peer has not closed. Known without
  /// asking the kernel, if the loop has looked since: within the turn in which the response ended
  /// it is asked once, so that no surplus answer is taken for the next.
  bool quiet();
  /// The response has ended now.
  void rest() { rested_turn_ = async::EventLoop::current().turns(); }
  void watch(base::Callback<> call) override { stream->readiness().on_readable = call; }

  /// Its place among the connections to the origin; a tunnel needs none. Before the stream: it is
  /// given back once that is closed.
  OriginSlots::Slot slot;
  std::unique_ptr<net::TcpStream> stream;
  async::Input input;
  /// Host and port: what requests may share it (RFC 9110, 4.3.3).
  const std::string authority;
  const base::Endpoint peer;
  const base::AddressSource source;
  bool reused = false;
  /// Of the names by which it was found (net::Resolver::generation): once they have changed it is
  /// not taken again.
  uint64_t names_generation = 0;
  /// http::Decision::rules_id of a decision that allowed this peer for this authority.
  uint64_t allowed_by = 0;

 private:
  friend class Pool;
  /// It is idle, and something came: that can be no answer.
  void bytes_arrived();
  struct AgeLink : Link {
    explicit AgeLink(OriginConnection& connection) : connection(connection) {}
    OriginConnection& connection;
  };
  AgeLink age_{*this};
  uint64_t idle_since_ms_ = 0;
  uint64_t rested_turn_ = UINT64_MAX;
  class Pool* pool_ = nullptr;
  IdleConnections* among_ = nullptr;  // Of the pool.
};

/// Idle connections of one worker, by authority; bounded in all, per origin and in time. One on
/// which bytes arrive is closed.
class Pool {
 public:
  /// Its argument: the authority of the connection.
  using OnFree = base::Callback<std::string_view>;
  /// `on_free` is called for each connection that becomes free.
  explicit Pool(const OriginConfig& config, OnFree on_free = {});
  /// Closes one that is not in the pool (any more), and tells who waits for its place. Asks for no
  /// memory.
  void drop(std::unique_ptr<OriginConnection> connection);
  Pool(const Pool&) = delete;
  ~Pool();

  /// The connection used last, not idle for longer than `max_idle_ms`, whose peer's address
  /// `decision` allows; or nothing.
  std::unique_ptr<OriginConnection> take(std::string_view authority, const http::Decision& decision,
                                         uint64_t max_idle_ms, uint64_t names_generation);
  void put(std::unique_ptr<OriginConnection> connection);
  size_t size() const { return size_; }
  /// Closes the idle connection to `authority` that was used last, if there is one.
  void drop_one(std::string_view authority);
  /// Closes the one that has been idle longest. False: there is none.
  bool drop_oldest();

 private:
  friend class OriginConnection;
  /// Closed by the next sweep, never taken again.
  void spoil(OriginConnection& connection);
  /// Out of the lists; the caller owns it then.
  std::unique_ptr<OriginConnection> remove(OriginConnection& connection);
  void sweep();
  void forget_empty();

  const OriginConfig& config_;
  OnFree on_free_;
  /// Entries do not move; those that have become empty wait in it for their next connection, up to
  /// a limit.
  std::unordered_map<std::string, IdleConnections, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string, IdleConnections>>>
      by_authority_;
  size_t empty_ = 0;
  async::Link by_age_;   // The oldest first.
  async::Link spoiled_;  // To be closed by the next sweep, outside of the loop's own callbacks.
  size_t size_ = 0;
  async::Alarm<Pool, &Pool::sweep> sweep_{*this};
};

}  // namespace weir::origin
