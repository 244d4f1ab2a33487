// An origin server on the test's own loop. The request's target says what it does, so that a test
// shows it in the request.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/event_loop.h"
#include "net/stream/listener.h"
#include "net/stream/tcp_stream.h"

namespace weir::engine {

/// The content of each size, the same for every origin, in which missing or misplaced bytes show.
std::string content_of(size_t size);

/// Targets are /KIND or /KIND?name=value&..., with `size` (default 100) and `piece` (bytes per
/// write, default all). These are the kinds:
/// - length, chunked (trailers=1), close: content with that framing; chunked with cut=1 has no last
///   chunk
/// - break, reset, stall: half of the content, then an end, a reset, or nothing more
/// - silent: no answer
/// - gone: closes the connection without an answer
/// - stale: as gone for a connection's second request, else as length
/// - hints: a 103 first
/// - continue: a 100 first, then as echo
/// - empty: 204
/// - unchanged: 304 with a Content-Length
/// - early: answers before it reads the content
/// - early-close: answers with Connection: close, ends its side, and drops the content
/// - echo: reads the content; the answer is its size, a checksum and the trailers
/// - slow-echo: as echo, a little at a time
/// - ntlm: 401 until the connection has seen the second step; then `user` and the connection's
///   number
/// - extra: bytes that belong to no request after the answer
/// - bad: a malformed head
/// - once: as length, with Connection: close
/// Any other kind is answered as length.
/// `Upgrade: websocket` gets 101, and its bytes are sent back. A connection whose first byte is
/// \x01 to \x05 is not HTTP: the origin sends its bytes back, and its end.
class Origin {
 public:
  explicit Origin(const base::IpAddress& address, std::string speaks_first = {});

  std::string authority() const { return listener_.endpoint().text(); }
  const base::Endpoint& endpoint() const { return listener_.endpoint(); }
  /// The number of connections that are open now.
  size_t open() const { return connections_.size(); }
  int accepted = 0;
  /// The number of connections that ended with a reset.
  int resets = 0;
  /// Writes to the last accepted connection at once, outside of the loop's turn.
  void say(std::string_view bytes);
  /// Each request's head, unchanged.
  std::vector<std::string> heads;
  /// Content bytes that all connections have written so far, and read.
  uint64_t written = 0;
  uint64_t read = 0;
  /// The bytes that opaque connections have received.
  std::string opaque;
  /// Lets `stall` and `silent` continue, once it is set.
  async::Signal go_on;

 private:
  struct Wire;
  async::Task<void> accept_clients();
  async::Task<void> serve(int descriptor);
  async::Task<bool> answer(Wire& wire, const std::string& head);
  async::Task<bool> give_back(Wire& wire);

  const std::string speaks_first_;
  int last_ = -1;
  net::Listener listener_;
  async::TaskScope accepting_, connections_;
};

}  // namespace weir::engine
