// Serves what comes on one connection, or inside one tunnel, in order.
#pragma once
#include "async/byte_stream.h"
#include "async/task.h"
#include "http/stage.h"
#include "server/config.h"

namespace weir::server {

/// Of a worker: its connections, so that an idle one can be shed when there are too many.
class LiveConnections {
 public:
  size_t count() const { return count_; }
  /// Closes the connection that has been idle longest, if there is one: between two requests, else one that has said nothing yet
  /// since a second ago.
  bool shed_one();
  /// From now on connections end with the request that they carry; those that carry none end now.
  void drain();
  const bool& draining() const { return draining_; }
  /// For times in which there is little left, called again and again: looks at some of the connections that serve a request or carry a
  /// tunnel, and cuts the slowest of them whose content moves by drops, below `lowest_rate` bytes a second (see Drip). True if it did.
  bool cut_one_drip(uint64_t lowest_rate, uint64_t now_ms);

  /// Since the start: requests that were refused because memory was at its limit, and exchanges that were cut for dripping.
  uint64_t refused_for_memory() const { return refused_for_memory_; }
  uint64_t drips_cut() const { return drips_cut_; }

 private:
  friend class Connection;
  static constexpr int kLooksAtOnce = 500;

  async::Link idle_;
  async::Link silent_;  // Waiting for their first request.
  async::Link busy_;
  size_t count_ = 0;
  uint64_t refused_for_memory_ = 0;
  uint64_t drips_cut_ = 0;
  bool draining_ = false;
};

/// Whom the configuration of now lets in. Of the worker.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual bool refuses(const http::Session& session) const = 0;
};

/// What sessions need of their worker, which outlives them.
struct SessionContext {
  http::Journal& journal;
  /// The current one: each request takes it anew.
  const base::Ref<const http::Pipeline>& pipeline;
  const ServerConfig& config;
  LiveConnections& connections;
  /// Null: everybody who came is let in.
  const Admission* admission = nullptr;
};

/// Serves a client's connection until it ends, and closes it.
async::Task<void> serve_client(std::unique_ptr<async::ByteStream> stream, base::Ref<const http::Session> session, const SessionContext& context);

/// Serves what comes inside a tunnel: `stream` until it ends. `first` was read from it already. `pin`, where given, is the origin connection that a CONNECT
/// opened, for the session's authority.
async::Task<void> serve_session(async::ByteStream& stream, base::Ref<const http::Session> session, const SessionContext& context,
                                base::Slice first, std::unique_ptr<http::PinnedConnection> pin);

}  // namespace weir::server
