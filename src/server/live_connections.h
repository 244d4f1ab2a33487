// A worker's client connections: who goes where there are too many, who is cut, and what a drain
// ends.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "async/wait.h"
#include "server/drip.h"

namespace weir::server {

class LiveConnections;

/// A client connection, or a session inside a tunnel, as a worker's LiveConnections know it;
/// whatever protocol it speaks. Counts from its making to its end.
class LiveConnection : private async::Link {
 public:
  explicit LiveConnection(LiveConnections& among);
  LiveConnection(const LiveConnection&) = delete;

 protected:
  ~LiveConnection();
  /// It waits for a request from now on: for its first, or for another.
  void rests(bool first, uint64_t now_ms);
  /// It waits no longer.
  void wakes() { unlink(); }
  /// It serves a request or carries a tunnel from now on.
  void works();

  LiveConnections& among_;

 private:
  friend class LiveConnections;
  /// Ends what it waits for, now: there is to be room for somebody else, or nobody is to stay.
  virtual void close_resting() = 0;
  /// Whose content moves in the exchange that runs, and how many bytes of it have.
  virtual std::pair<Drip::Side, uint64_t> content() const = 0;
  /// Its content moves by drops: it ends.
  virtual void cut_dripping() = 0;

  uint64_t rests_since_ms_ = 0;
  Drip drip_;
};

/// Of a worker. Those that rest are in order: who has rested longest is first.
class LiveConnections {
 public:
  size_t count() const { return count_; }
  /// Closes the connection that has been idle longest, if there is one: between two requests, else
  /// one that has said nothing yet since a second ago.
  bool shed_one();
  /// From now on connections end with the request that they carry; those that carry none end now.
  void drain();
  const bool& draining() const { return draining_; }
  /// For times in which there is little left, called again and again: looks at some of the
  /// connections that serve a request or carry a tunnel, and cuts the slowest of them whose content
  /// moves by drops, below `lowest_rate` bytes a second (see Drip). True if it did.
  bool cut_one_drip(uint64_t lowest_rate, uint64_t now_ms);
  /// A request was refused because memory was at its limit.
  void count_refused_for_memory() { ++refused_for_memory_; }

  /// Since the start: such requests, and exchanges that were cut for dripping.
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
