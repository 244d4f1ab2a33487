// A connection to an origin, and the pool of idle ones for later requests.
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

/// The idle connections to one authority.
struct IdleConnections {
  async::Link connections;  // Most recently used first.
  size_t count = 0;
};

/// Owned by the exchange that uses it, by the pool, or by a client connection's pins.
class OriginConnection final : public http::PinnedConnection, private async::Link {
 public:
  OriginConnection(std::unique_ptr<net::TcpStream> stream, std::string authority,
                   base::Endpoint peer, base::AddressSource source)
      : stream(std::move(stream)), authority(std::move(authority)), peer(peer), source(source) {}

  /// Whether nothing has arrived since the last response ended, and the peer has not closed.
  /// Usually known without a system call, from what the loop has seen. In the turn of the loop in
  /// which the response ended, this asks the kernel once, so that a surplus response is not taken
  /// for the answer to the next request.
  bool quiet();
  /// Records that the response has ended in this turn of the loop.
  void rest() { rested_turn_ = async::EventLoop::current().turns(); }
  void watch(base::Callback<> call) override { stream->readiness().on_readable = call; }

  /// Counts this connection among those to the origin; a tunnel needs none. Declared before the
  /// stream, so that it is released after the stream is closed.
  OriginSlots::Slot slot;
  std::unique_ptr<net::TcpStream> stream;
  async::Input input;
  /// Host and port: only requests to the same authority may share the connection (RFC 9110, 4.3.3).
  const std::string authority;
  const base::Endpoint peer;
  const base::AddressSource source;
  bool reused = false;
  /// net::Resolver::generation when the address was looked up: once names have changed, the
  /// connection is not reused.
  uint64_t names_generation = 0;
  /// http::Decision::id of the last decision that allowed this peer; 0: none has.
  uint64_t allowed_by = 0;

 private:
  friend class Pool;
  /// Bytes or an end arrived while it was idle: that can't be a response.
  void bytes_arrived();
  struct AgeLink : Link {
    explicit AgeLink(OriginConnection& connection) : connection(connection) {}
    OriginConnection& connection;
  };
  AgeLink age_{*this};
  uint64_t idle_since_ms_ = 0;
  uint64_t rested_turn_ = UINT64_MAX;
  class Pool* pool_ = nullptr;
  IdleConnections* among_ = nullptr;  // Owned by the pool.
};

/// The idle connections of one worker, by authority; bounded in total, per origin and in time. A
/// connection on which bytes arrive is closed.
class Pool {
 public:
  /// The argument is the authority of the connection.
  using OnFree = base::Callback<std::string_view>;
  /// `on_free` is called for each connection that becomes idle or is closed.
  explicit Pool(const OriginConfig& config, OnFree on_free = {});
  /// Closes a connection that is not in the pool (any more), and calls `on_free`. Allocates no
  /// memory.
  void drop(std::unique_ptr<OriginConnection> connection);
  Pool(const Pool&) = delete;
  ~Pool();

  /// The most recently used connection that has not been idle for longer than `max_idle_ms` and
  /// whose peer's address `decision` allows; else null.
  std::unique_ptr<OriginConnection> take(std::string_view authority, const http::Decision& decision,
                                         uint64_t max_idle_ms, uint64_t names_generation);
  void put(std::unique_ptr<OriginConnection> connection);
  size_t size() const { return size_; }
  /// Closes the most recently used idle connection to `authority`, if there is one.
  void drop_one(std::string_view authority);
  /// Closes the connection that has been idle longest. False if there is none.
  bool drop_oldest();

 private:
  friend class OriginConnection;
  /// Takes the connection out of use; the next sweep closes it.
  void spoil(OriginConnection& connection);
  /// Removes the connection from the lists; the caller owns it then.
  std::unique_ptr<OriginConnection> remove(OriginConnection& connection);
  void sweep();
  void forget_empty();

  const OriginConfig& config_;
  OnFree on_free_;
  /// Entries do not move. Empty ones stay for their next connection, up to a limit.
  std::unordered_map<std::string, IdleConnections, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string, IdleConnections>>>
      by_authority_;
  size_t empty_ = 0;
  async::Link by_age_;   // Longest idle first.
  async::Link spoiled_;  // To be closed by the next sweep, outside of the loop's own callbacks.
  size_t size_ = 0;
  async::Alarm<Pool, &Pool::sweep> sweep_{*this};
};

}  // namespace weir::origin
