// Finds or opens the connection that a request is sent on.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "http/stage.h"
#include "origin/config.h"
#include "origin/connect/connector.h"
#include "origin/connect/origin_tls.h"
#include "origin/pool/origin_queue.h"
#include "origin/pool/pool.h"

namespace weir::origin {

/// A connection that has just been opened, before it is known what protocol it speaks.
struct Opened {
  std::unique_ptr<async::ByteStream> stream;
  OriginKey key;
  base::Endpoint peer;
  base::AddressSource source;
};
using MakeConnection = base::Ref<OriginConnection> (*)(Opened opened);
base::Ref<OriginConnection> make_http1(Opened opened);

/// What the search for a connection needs from its worker, and from the configuration of the
/// pipeline that it is in; all of it outlives the pipeline's exchanges.
struct AcquireContext {
  Pool& pool;
  Connector& connector;
  const OriginConfig& config;
  /// The limit of connections for forwarded requests per origin, and the queue of requests that
  /// wait for one. Null: no limit.
  OriginSlots* slots = nullptr;
  OriginQueue* queue = nullptr;
  /// Asks the other workers to close one of their idle connections to that authority.
  std::function<void(const std::string&)> ask_others = {};
  /// Closes something idle if descriptors have run out. True if one is free now.
  std::function<bool()> make_room = {};
  /// For https. Null, in tests: such a request is an error.
  OriginTls* tls = nullptr;
  /// Gives an opened connection its protocol.
  MakeConnection make_connection = &make_http1;
};

/// Where connections are opened to.
struct Place {
  /// In lower case, without a final dot; `literal`: an address, without brackets.
  std::string_view host;
  bool literal;
  uint16_t port;
};
/// The target's; in an opened session that of the CONNECT, even if the requests inside name another
/// host. The view is into the request.
Place place_of(const http::Request& request);

class Acquire {
 public:
  explicit Acquire(AcquireContext context) : context_(std::move(context)) {}

  /// The key under which a request's connection may be shared. Valid as long as the head lives.
  OriginKeyView key_of(const http::Request& request) const;

  /// The client's own connection to that authority. An error if it has died: no other one can
  /// replace it, since a login belongs to it, or the client opened it by CONNECT.
  base::Result<Lease> pinned(const http::Request& request, std::string_view authority) const;
  /// A connection that can be had at once; else an empty lease.
  Lease pooled(const http::Request& request, const OriginKeyView& key, uint64_t max_idle_ms) const;
  /// For a CONNECT whose TLS is going to be opened: a connection on which requests inside can go,
  /// if there is one; else an empty lease.
  Lease pooled_for_opening(const http::Request& request) const;
  /// A connection from the pool, or a new one if the origin may have another; waits until one of
  /// them is possible.
  async::Task<base::Result<Lease>> wait(const http::Request& request, OriginKeyView key,
                                        uint64_t max_idle_ms) const;
  /// A new connection in a slot.
  async::Task<base::Result<Lease>> connect_in(const http::Request& request, OriginKeyView key,
                                              OriginSlots::Slot slot) const;
  /// A new connection outside the pool, for a tunnel. `place` and `decision` outlive the task.
  async::Task<base::Result<base::Ref<OriginConnection>>> connect(
      Place place, const http::Decision& decision) const;
  /// Turns a tunnel's connection to `place` into one to `server_name` (a host in lower case; empty:
  /// the place's), with TLS, and gives it to the pool. `client`: for whom. All views and references
  /// outlive the task.
  async::Task<http::Secured> secure_for_pool(base::Ref<OriginConnection> connection, Place place,
                                             std::string_view server_name, base::IpAddress client,
                                             const http::Decision& decision) const;

 private:
  /// Opens a stream. If descriptors have run out, waits in order of arrival, at most
  /// connect_timeout_ms.
  async::Task<base::Result<Connected>> open(Place place, const http::Decision& decision) const;
  /// Makes the TLS handshake on `first`, or if that has no stream on one that it opens. If that
  /// fails for a session that was kept, once more on a new one. `found`: as OriginTls::secure.
  async::Task<base::Result<Connected>> open_secured(Place place, const http::Decision& decision,
                                                    TlsOrigin origin, Connected first = {},
                                                    http::Secured* found = nullptr) const;
  base::Ref<OriginConnection> make(Connected connected, OriginKeyView key) const;

  const AcquireContext context_;
};

}  // namespace weir::origin
