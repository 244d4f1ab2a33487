// A tunnel whose TLS Weir has opened: the requests inside are served like any others.
#pragma once
#include <memory>
#include <string>

#include "http/stage.h"
#include "intercept/opener.h"
#include "net/tls/tls_stream.h"
#include "server/session_context.h"

namespace weir::tunnel {

/// Makes the client's handshake, finds out whether the client accepts the certificate, and serves
/// the session inside. The origin, if there is one, was found good before: no byte of the
/// ServerHello is sent earlier.
class OpenedTunnel final : public http::Tunnel {
 public:
  /// How long a client may take for its handshake.
  static constexpr uint64_t kHandshakeMs = 10'000;
  /// A client that ends the connection so soon after the certificate has not accepted it; later,
  /// it had opened a connection that it did not need.
  static constexpr uint64_t kRejectionMs = 2'000;

  struct Parts {
    base::Ref<http::Exchange> exchange;
    base::Ref<http::Session> session;
    const server::SessionContext& context;
    intercept::Opener& opener;
    net::SslPtr ssl;
    /// As in the ClientHello.
    std::string server_name;
    uint64_t shape = 0;
    uint64_t silence_timeout_ms = 0;
  };
  explicit OpenedTunnel(Parts parts) : parts_(std::move(parts)) {}

  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;

 private:
  /// From the ClientHello to the first request's bytes. What it needs goes with it: tunnels stay
  /// open for long.
  async::Task<base::Result<base::Slice>> open(net::TlsStream& client);
  /// The session's first bytes; empty: the client has ended the connection.
  async::Task<base::Result<base::Slice>> first_content(net::TlsStream& client);
  /// The client accepts the certificate: this is what it has sent. False: it is not HTTP.
  bool accepted(std::string_view first);
  /// The client has made the handshake, and ended the connection before it sent content: a browser
  /// that trusts the authority opens more connections than it needs. It says so by an alert if it
  /// does not accept a certificate.
  bool is_spare();
  /// The client has ended the connection before it sent content: finds out whether that was the
  /// certificate's fault. `error` is -errno or 0; `shown_ms` is when the certificate was sent.
  void judge_end(int error, uint8_t alert, bool resumed, uint64_t shown_ms);
  intercept::Party party() const;

  Parts parts_;
};

/// Whose programs they are, for what is learned about them: the identity, or the address.
std::string client_of(const http::Asker& asker);

}  // namespace weir::tunnel
