// An origin server on the test's own loop. What it does is named by the request's target, so that a
// test reads as what it asks for.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/event_loop.h"
#include "net/stream/listener.h"
#include "net/stream/tcp_stream.h"

namespace weir::engine {

/// The content that every origin has for a size: whoever reads it can tell what is missing or out
/// of place.
std::string content_of(size_t size);

/// Targets are /KIND or /KIND?name=value&..., with `size` (default 100), `piece` (bytes a write,
/// default all):
///   length, chunked (trailers=1), close       content framed so; chunked with cut=1 has no last
///   chunk trickle                                   length, the last of it little by little break,
///   reset, stall                       half of the content, then an end, a reset, or nothing more
///   silent, gone                              no answer; the connection is closed without one
///   stale                                     as gone on a connection's second request, else
///   length hints, continue                           103 first; 100 first, then as echo empty,
///   unchanged                          204; 304 that speaks of a length early, early-close an
///   answer before the content is read, which goes on; or it stops reading and closes echo reads
///   the content and says its size, a checksum and the trailers slow-echo as echo, a little at a
///   time ntlm                                      401 until the connection has seen the second
///   step; then `user` and the connection's number extra                                     bytes
///   after the answer that nobody asked for bad                                       a head that
///   is none once                                      length, with Connection: close
/// `Upgrade: websocket` gets 101 and its bytes back. A first byte of \x01 to \x05 begins bytes that
/// are no HTTP: they come back, up to the end, which is passed on.
class Origin {
 public:
  explicit Origin(const base::IpAddress& address, std::string speaks_first = {});

  std::string authority() const { return listener_.endpoint().text(); }
  const base::Endpoint& endpoint() const { return listener_.endpoint(); }
  /// Connections that are open now.
  size_t open() const { return connections_.size(); }
  int accepted = 0;
  /// Connections whose end was a reset.
  int resets = 0;
  /// Writes to the last accepted connection at once, out of turn.
  void say(std::string_view bytes);
  /// Each request's head, as it came.
  std::vector<std::string> heads;
  /// Content bytes written by all connections so far, and read.
  uint64_t written = 0;
  uint64_t read = 0;
  /// What opaque connections have received.
  std::string opaque;
  /// Runs for `stall` and `silent` too, once it is set.
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
