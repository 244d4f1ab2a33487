// Turns a connection to an origin into one that nobody between can read.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "async/byte_stream.h"
#include "async/pool.h"
#include "async/task.h"
#include "base/error.h"
#include "net/tls/client_tls.h"
#include "origin/connect/missing_issuers.h"

namespace weir::origin {

/// To whom a handshake is made.
struct TlsOrigin {
  /// In lower case, without a final dot; `literal`: it is an address, without brackets.
  std::string_view host;
  bool literal;
  /// Host and port, as in OriginKey.
  std::string_view authority;
};

/// One per worker, which it does not outlive; it outlives its tasks.
class OriginTls {
 public:
  /// `port`: of threads on which the system's certificates are read, once. `issuers`: for chains
  /// that lack one.
  OriginTls(async::PoolPort& port, MissingIssuers& issuers) : port_(port), issuers_(issuers) {}

  /// Whom to trust from now on.
  void use(std::shared_ptr<net::TrustStore> trust);
  /// OriginKey::verification of connections that begin now.
  uint32_t verification() const { return trust_->number(); }

  /// `stream` after a handshake with `origin`, whose certificate was found good. `origin`'s texts
  /// outlive the task. Nothing of a request was sent if this fails. Errors, all with status 502
  /// (504 for time): tls_certificate_error, tls_alert_received, tls_protocol_error,
  /// connection_terminated, connection_timeout; 503 if there is no memory.
  async::Task<base::Result<std::unique_ptr<async::ByteStream>>> secure(
      std::unique_ptr<async::ByteStream> stream, TlsOrigin origin, uint64_t deadline_ms);

 private:
  async::Task<base::Result<base::Ref<net::ClientTls>>> client();

  /// Goes on with a handshake whose chain lacks an issuer, with what can be found of it.
  async::Task<net::Handshaken> complete(net::TlsStream& stream,
                                        std::shared_ptr<net::TrustStore> trust,
                                        uint64_t deadline_ms);

  async::PoolPort& port_;
  MissingIssuers& issuers_;
  std::shared_ptr<net::TrustStore> trust_;
  /// Made from `trust_` by the first handshake that needs it.
  base::Ref<net::ClientTls> client_;
};

}  // namespace weir::origin
