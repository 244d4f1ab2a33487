// TLS towards origins, where Weir is the client.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "net/tls/key_log.h"
#include "net/tls/session_table.h"
#include "net/tls/tls_stream.h"
#include "net/tls/trust_store.h"

namespace weir::net {

/// Makes the SSLs of connections to origins: TLS 1.2 or 1.3 with a certificate that is verified by
/// name, chain, purpose and validity (RFC 9110, 4.3.4). One per worker and trust store. It lives
/// until the last of its SSLs is freed: each has a reference.
class ClientTls : public base::Counted<ClientTls> {
 public:
  /// `trust` is loaded; `key_log` may be null. Null if OpenSSL has no memory.
  static base::Ref<ClientTls> make(std::shared_ptr<TrustStore> trust,
                                   std::shared_ptr<KeyLog> key_log = {});

  /// `host` in lower case and without a final dot; `literal`: it is an address. `origin` names host
  /// and port, for the sessions that are kept. Null if there is no memory.
  /// `stop_if_asked`: if the peer asks for a certificate, the handshake ends before any is sent
  /// (Handshaken::certificate_asked); else it goes on without one.
  SslPtr begin(std::string_view host, bool literal, std::string_view origin,
               bool stop_if_asked = false);
  /// After a handshake has failed for its certificate: why, as why_refused() says it.
  static std::string why_refused(const TlsStream& stream);
  /// After a handshake: of the peer's certificate.
  static Validity validity_of(const TlsStream& stream);
  /// After a handshake has stopped with -EINPROGRESS: the URL at which an issuer's certificate may
  /// be. Whatever comes of it goes to TrustStore::issuers(), and the handshake goes on. At most
  /// kMostFetches times in a handshake.
  static std::string missing_issuer(const TlsStream& stream);
  static constexpr size_t kMostFetches = 2;
  /// The handshake has offered a session of an earlier connection to the origin.
  static bool offered_session(const TlsStream& stream);
  /// Offers no session that was kept until now to the origin any more.
  void forget_sessions(std::string_view origin) { sessions_.drop(origin); }

 private:
  struct Peer;
  explicit ClientTls(std::shared_ptr<TrustStore> trust) : trust_(std::move(trust)) {}
  bool prepare(std::shared_ptr<KeyLog> key_log);
  static int peer_index();
  static int certificate_asked(SSL* ssl, X509** certificate, EVP_PKEY** key);
  static int check(X509_STORE_CTX* about, void* unused);
  static int check_staple(SSL* ssl, void* unused);
  static int new_session(SSL* ssl, SSL_SESSION* session);

  const std::shared_ptr<TrustStore> trust_;
  SslContextPtr context_;
  SessionTable sessions_;
};

}  // namespace weir::net
