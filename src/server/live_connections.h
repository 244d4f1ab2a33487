// A worker's client connections: which one to close when there are too many, which one to cut for
// slow content, and which ones a drain ends.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "async/wait.h"
#include "server/drip.h"

namespace weir::server {

class LiveConnections;

/// A client connection, or a session inside a tunnel, as the worker's LiveConnections sees it,
/// whatever its protocol. It counts from its construction to its destruction.
class LiveConnection : private async::Link {
 public:
  explicit LiveConnection(LiveConnections& among);
  LiveConnection(const LiveConnection&) = delete;

 protected:
  ~LiveConnection();
  /// From now on it waits for a request: for its first one (`first`), or for another.
  void rests(bool first, uint64_t now_ms);
  /// It waits no longer.
  void wakes() { unlink(); }
  /// From now on it serves a request or carries a tunnel.
  void works();

  LiveConnections& among_;

 private:
  friend class LiveConnections;
  /// Ends the wait for a request, to make room for another client or because the worker drains.
  virtual void close_resting() = 0;
  /// Which side's content the running exchange waits for, and how many bytes of it have moved.
  virtual std::pair<Drip::Side, uint64_t> content() const = 0;
  /// Ends the exchange because its content moves by drops (see Drip).
  virtual void cut_dripping() = 0;

  uint64_t rests_since_ms_ = 0;
  Drip drip_;
};

/// One per worker. Resting connections are kept in order: the one that has rested longest is first.
class LiveConnections {
 public:
  size_t count() const { return count_; }
  /// Closes the connection that has been idle longest between two requests. If there is none,
  /// closes the oldest one that has sent nothing since it came, at least a second ago. True if it
  /// closed one.
  bool shed_one();
  /// From now on connections end with the request that they carry; those that carry none end now.
  void drain();
  const bool& draining() const { return draining_; }
  /// Called again and again while memory or connections run short: looks at some of the connections
  /// that serve a request or carry a tunnel, and cuts the slowest one whose content moves by drops,
  /// below `lowest_rate` bytes a second (see Drip). True if it cut one.
  bool cut_one_drip(uint64_t lowest_rate, uint64_t now_ms);
  /// A request was refused because memory was at its limit.
  void count_refused_for_memory() { ++refused_for_memory_; }

  /// Since the start: requests refused for memory, and exchanges cut because their content dripped.
  uint64_t refused_for_memory() const { return refused_for_memory_; }
  uint64_t drips_cut() const { return drips_cut_; }

 private:
  friend class LiveConnection;
  static constexpr int kLooksAtOnce = 500;

  async::Link idle_;
  async::Link silent_;  // Waiting for their first request.
  async::Link busy_;
  size_t count_ = 0;
  uint64_t refused_for_memory_ = 0;
  uint64_t drips_cut_ = 0;
  bool draining_ = false;
};

}  // namespace weir::server
