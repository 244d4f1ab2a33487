// TLS towards clients, where Weir is the server.
#pragma once
#include <memory>
#include <span>

#include "base/memory.h"
#include "base/ref.h"
#include "net/tls/key_log.h"
#include "net/tls/openssl.h"
#include "net/tls/ticket_keys.h"

namespace weir::net {

/// What a server shows of itself.
struct ServerIdentity {
  X509* certificate;
  EVP_PKEY* key;
  /// Sessions are resumed only where this is the same: at another name, the certificate that was
  /// checked would be another's. At most 32 bytes.
  std::span<const unsigned char> sessions;
};

/// Makes the SSLs of connections of clients: TLS 1.2 or 1.3, HTTP/1.1 by ALPN if the client names
/// any protocol, one ticket, no early data, no renegotiation. One per worker.
class ServerTls : public base::Counted<ServerTls> {
 public:
  /// Null if OpenSSL has no memory. `key_log` may be null.
  static base::Ref<ServerTls> make(std::shared_ptr<TicketKeys> keys,
                                   std::shared_ptr<KeyLog> key_log = nullptr);
  /// Null if there is no memory. The SSL keeps what it needs.
  SslPtr begin(const ServerIdentity& identity);

 private:
  explicit ServerTls(std::shared_ptr<TicketKeys> keys) : keys_(std::move(keys)) {}
  bool prepare(std::shared_ptr<KeyLog> key_log);
  static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size,
                             const unsigned char* offered, unsigned int offered_size, void* self);
  static int server_index();

  const std::shared_ptr<TicketKeys> keys_;
  SslContextPtr context_;
};

}  // namespace weir::net
