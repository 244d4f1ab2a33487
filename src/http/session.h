// State shared by all requests of one client connection, or of one session inside a tunnel.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/kept_text.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/target.h"

namespace weir::http {

class RequestHead;

/// Immutable to stages: a stage can't change who asks.
struct Session final : base::Counted<Session>, base::Pooled {
  /// The number of the listener that the client connected to, or policy::kHouse; its rules are
  /// looked up by it. It is not an index into the configuration's listeners, and no reload changes
  /// it.
  uint32_t listener = 0;
  /// While anyone holds this, no other listener gets the same number.
  std::shared_ptr<const void> listener_use;
  base::Endpoint client;
  /// The local address that the client connected to. Its port is 0 where there is no client.
  base::Endpoint local;
  /// The scheme of the requests in this session.
  Scheme scheme = Scheme::http;
  /// Host and port of the CONNECT that opened this session, in the form that Target has; empty if
  /// none did.
  base::KeptText opened_host;
  uint16_t opened_port = 0;
  bool opened_literal = false;
  /// The host of all requests inside, if it is not `opened_host`: if the CONNECT named an address,
  /// the first Host inside names it; if the tunnel's TLS was opened, its server name does.
  /// Connections then go to `opened_host` all the same.
  base::KeptText inner_host;
  /// Every request is answered with this error: the origin can't be had. May be null.
  std::shared_ptr<const base::Error> fault;
  /// The tunnel was opened to Weir's own pages: there is no origin.
  bool own = false;
  int depth = 0;
  /// The client has too many connections: every request is answered with that error.
  bool over_limit = false;
};

/// Inside a tunnel: whether the request, in origin-form or absolute-form, is for the site that the
/// CONNECT named. Any other request is meant for a different server or proxy. `head` has its
/// target.
bool is_for_opened(const Session& session, const RequestHead& head);

/// `host:port`, always with both: the key of the pool and the pins. An IPv6 address gets brackets.
std::string authority_key(std::string_view host, uint16_t port);

class WayBack;

/// An origin connection that belongs to one client connection: see Pins.
class PinnedConnection : public base::Counted<PinnedConnection>, public base::Pooled {
 public:
  virtual ~PinnedConnection() = default;
  /// Calls `call` when bytes or an end arrive while the connection is idle. An empty callback stops
  /// that. The connection may not be destroyed during the call.
  virtual void watch(base::Callback<> call) = 0;
};

/// The origin connections that belong to one client connection, or to a session inside a tunnel:
/// those that NTLM or Negotiate have authenticated, and the one that a CONNECT opened. They are
/// used however old they are, and never replaced, retried, shared or pooled.
class Pins {
 public:
  static constexpr size_t kMost = 32;

  /// The connection if no request is using it; otherwise null.
  base::Ref<PinnedConnection> take(std::string_view authority);
  bool has(std::string_view authority) const;
  void put(std::string authority, base::Ref<PinnedConnection> connection);
  bool full() const { return pins_.size() >= kMost; }
  /// A pinned connection died. What the client believes about its state no longer holds, so the
  /// client's own connection must close too.
  void lose(std::string_view authority);
  bool lost() const { return lost_; }
  /// client_is_done: the session serves no request after the current one. client_closes: moreover,
  /// the client did not ask to keep the connection.
  bool client_is_done = false;
  bool client_closes = false;
  /// Whether there is a connection to that authority that no request is using now.
  bool holds(std::string_view authority) const;
  /// The client's connection carries no request after the current one.
  bool ending() const { return lost_ || last_; }
  void last_exchange() { last_ = true; }
  /// Set inside a tunnel that may go back to relaying: a connection that this can save does not
  /// count as lost. Not owned; null elsewhere.
  WayBack* way_back = nullptr;
  /// The client's connection has carried a response. If it now ends without another one, the client
  /// decides by its own rule whether to ask again. Set by the code that writes responses.
  bool served = false;
  /// Called once, when an idle pinned connection is lost.
  base::Callback<> on_lost;

 private:
  void activity();

  struct Pin {
    std::string authority;
    base::Ref<PinnedConnection> connection;
  };
  std::vector<Pin> pins_;
  bool lost_ = false;
  bool last_ = false;
};

}  // namespace weir::http
