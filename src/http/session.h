// What holds for all requests of one connection, or of one session inside a tunnel.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/kept_text.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/target.h"

namespace weir::http {

class RequestHead;

/// Constant: a stage can't change who asks.
struct Session final : base::Counted<Session>, base::Pooled {
  /// Which listener the client came to: its number, by which its rules are found. No index into the
  /// configuration's, and no reload changes it.
  uint32_t listener = 0;
  /// While anybody has it, the number is no other listener's.
  std::shared_ptr<const void> listener_use;
  base::Endpoint client;
  /// The address that the client reached us at.
  base::Endpoint local;
  /// Of the requests inside.
  Scheme scheme = Scheme::http;
  /// Of the CONNECT that this session was opened from, else empty: as Target has them.
  base::KeptText opened_host;
  uint16_t opened_port = 0;
  bool opened_literal = false;
  /// To a CONNECT by address, the first Host names the authority of all that is inside.
  base::KeptText inner_host;
  /// Opened to Weir's own pages: there is no origin.
  bool own = false;
  int depth = 0;
  /// Inside a tunnel: who opened it, if there was a login.
  base::KeptText identity;
  /// Its client has too many connections: it is told so, and gets nothing else.
  bool over_limit = false;
};

/// Inside a tunnel: the request is one to the site that the CONNECT named, in origin-form or
/// absolute-form. Anything else is somebody speaking to someone else. `head` has its target.
bool is_for_opened(const Session& session, const RequestHead& head);

/// Host and port, always both: the key of pool and pins. An IPv6 address in brackets.
std::string authority_key(std::string_view host, uint16_t port);

class WayBack;

/// An origin connection that belongs to one client connection: see Pins.
class PinnedConnection : public base::Pooled {
 public:
  virtual ~PinnedConnection() = default;
  /// While it is idle: `call` when bytes or an end come in. An empty one ends that. The connection
  /// may not be destroyed in the call.
  virtual void watch(base::Callback<> call) = 0;
};

/// The origin connections that belong to one client connection, or to a session inside a tunnel:
/// those that NTLM or Negotiate have authenticated, and the one that a CONNECT opened. Used at any
/// age, never replaced, retried, shared or pooled.
class Pins {
 public:
  static constexpr size_t kMost = 32;

  /// The connection, while no request uses it; or nothing.
  std::unique_ptr<PinnedConnection> take(std::string_view authority);
  bool has(std::string_view authority) const;
  void put(std::string authority, std::unique_ptr<PinnedConnection> connection);
  bool full() const { return pins_.size() >= kMost; }
  /// A pinned connection died: what the client believes of it no longer holds, so its own
  /// connection must close.
  void lose(std::string_view authority);
  bool lost() const { return lost_; }
  /// The session serves no request after the one that runs; and its client has said so.
  bool client_is_done = false;
  bool client_closes = false;
  /// It has a connection for that authority which nobody uses now.
  bool holds(std::string_view authority) const;
  /// The client's connection carries no request after the one that is being answered.
  bool ending() const { return lost_ || last_; }
  void last_exchange() { last_ = true; }
  /// Inside a tunnel that may go back to relaying: then nothing is lost that this can save. Not
  /// owned; null elsewhere.
  WayBack* way_back = nullptr;
  /// The client's connection has carried an answer: its end without another one is what the
  /// client's own rule for asking again is for. Set by whoever writes answers.
  bool served = false;
  /// Called once, when a connection that is idle is lost.
  base::Callback<> on_lost;

 private:
  void activity();

  struct Pin {
    std::string authority;
    std::unique_ptr<PinnedConnection> connection;
  };
  std::vector<Pin> pins_;
  bool lost_ = false;
  bool last_ = false;
};

}  // namespace weir::http
