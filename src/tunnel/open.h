// Decides at a ClientHello whether the tunnel is opened, and prepares for it.
#pragma once
#include <memory>
#include <optional>

#include "codec/tls/client_hello.h"
#include "http/stage.h"
#include "intercept/opener.h"
#include "server/session_context.h"

namespace weir::tunnel {

/// The steps up to the ServerHello, in the order of docs/design/opening.md: the rules, what was
/// learned, the origin's handshake, the certificate. Until the last of them the tunnel can still be
/// relayed. For one tunnel; used on its worker's thread.
class Open {
 public:
  /// All of them outlive this.
  struct About {
    http::Tunnel& tunnel;
    const base::Ref<http::Exchange>& exchange;
    /// Of the session inside.
    const base::Ref<http::Session>& session;
    const server::SessionContext& context;
    /// Null: nothing can be opened here.
    intercept::Opener* opener;
    const tls::ClientHello& hello;
    uint64_t silence_timeout_ms;
  };
  explicit Open(const About& about) : about_(about) {}

  /// The tunnel that serves what is inside; null: the tunnel is to be relayed. An error: it must
  /// not go on; `alert` then says how to tell the client.
  async::Task<base::Result<std::unique_ptr<http::Tunnel>>> prepare();
  /// The alert that fits the error that prepare() returned (RFC 8446, 6.2).
  uint8_t alert() const { return alert_; }

 private:
  async::Task<base::Result<std::unique_ptr<http::Tunnel>>> decide();
  bool own() const { return about_.tunnel.own(); }
  /// Whom the client wants to speak to: the server name, or without one the CONNECT's host.
  std::string_view host() const;
  /// Where the CONNECT leads.
  std::string place() const {
    return http::authority_key(about_.session->opened_host, about_.session->opened_port);
  }
  bool names_connect_host() const;
  bool speaks_http() const;
  http::Aside learned() const;
  void learn(http::Aside aside) const;
  /// Makes the handshake with the origin.
  async::Task<base::Result<http::Aside>> meet_origin();
  /// The handshake has failed: whether it is left to the client what to think of it.
  bool client_may_judge(const http::Secured& found) const;
  base::Result<std::unique_ptr<http::Tunnel>> made();
  base::Result<std::unique_ptr<http::Tunnel>> step_aside(http::Aside aside);
  std::unexpected<base::Error> refuse(uint8_t alert, base::Error error);

  const About about_;
  http::Opening opening_;
  net::Validity validity_;
  uint8_t alert_ = 0;
};

}  // namespace weir::tunnel
