// Turns a connection to an origin into one that nobody between can read.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "async/byte_stream.h"
#include "async/pool.h"
#include "async/task.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/secured.h"
#include "net/tls/client_tls.h"
#include "origin/connect/handshake_turns.h"
#include "origin/connect/missing_issuers.h"

namespace weir::origin {

/// To whom a handshake is made.
struct TlsOrigin {
  /// In lower case, without a final dot; `literal`: it is an address, without brackets.
  std::string_view host;
  bool literal;
  /// Host and port, as in OriginKey.
  std::string_view authority;
  /// For whose request.
  base::IpAddress client = {};
  /// The handshake ends if the origin asks for a certificate of the client's.
  bool stop_if_asked = false;
};

/// Why a connection has no TLS.
struct TlsFailure {
  base::Error error;
  /// The origin has broken off a handshake in which it was offered a session of an earlier
  /// connection. That is forgotten now, so that a new connection may fare better.
  bool of_session = false;
};
using Secured = std::expected<std::unique_ptr<async::ByteStream>, TlsFailure>;
Secured after_exception(const Secured*);

/// One per worker, which it does not outlive; it outlives its tasks.
class OriginTls {
 public:
  /// `port`: of threads on which the system's certificates are read, once. `issuers`: for chains
  /// that lack one.
  OriginTls(async::PoolPort& port, MissingIssuers& issuers) : port_(port), issuers_(issuers) {}

  /// Whom to trust from now on, where secrets go (null: nowhere), and how many handshakes may run.
  void use(std::shared_ptr<net::TrustStore> trust, std::shared_ptr<net::KeyLog> key_log,
           const net::TlsConfig& config);
  /// OriginKey::verification of connections that begin now.
  uint32_t verification() const { return trust_->number(); }

  /// `stream` after a handshake with `origin`, whose certificate was found good. `origin`'s texts
  /// outlive the task. Nothing of a request was sent if this fails. Errors, all with status 502
  /// (504 for time): tls_certificate_error, tls_alert_received, tls_protocol_error,
  /// connection_terminated, connection_timeout; connection_limit_reached (503) if there is no
  /// memory, or the handshake's turn does not come before the deadline. `found`, if given, outlives
  /// the task, which fills it, but for the error.
  async::Task<Secured> secure(std::unique_ptr<async::ByteStream> stream, TlsOrigin origin,
                              uint64_t deadline_ms, http::Secured* found = nullptr);

 private:
  async::Task<base::Result<base::Ref<net::ClientTls>>> client();

  /// Goes on with a handshake whose chain lacks an issuer, with what can be found of it.
  async::Task<net::Handshaken> complete(net::TlsStream& stream,
                                        std::shared_ptr<net::TrustStore> trust,
                                        uint64_t deadline_ms);

  async::PoolPort& port_;
  MissingIssuers& issuers_;
  HandshakeTurns turns_;
  std::shared_ptr<net::TrustStore> trust_;
  std::shared_ptr<net::KeyLog> key_log_;
  /// Made from `trust_` by the first handshake that needs it.
  base::Ref<net::ClientTls> client_;
};

}  // namespace weir::origin
