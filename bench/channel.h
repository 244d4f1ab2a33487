// A connected socket of the benchmark's programs, with or without TLS.
#pragma once
#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace weir::bench {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

/// TLS 1.3 with X25519 and AES-128-GCM alone, so that every proxy does the same work on both of its
/// sides. A client resumes nothing, and believes the authorities in `authorities`, a file in PEM.
/// Ends the program with OpenSSL's complaint if a file can't be used.
TlsContext client_tls(const std::string& authorities);
/// `identity`: a file in PEM with certificate and key. `tickets`: so many after each handshake.
TlsContext server_tls(const std::string& identity, size_t tickets);

/// Non-blocking. The handshake of TLS happens within the first send() or receive().
class Channel {
 public:
  Channel() = default;
  explicit Channel(int descriptor) : descriptor_(descriptor) {}
  Channel(const Channel&) = delete;
  Channel& operator=(Channel&&) = delete;
  ~Channel() { end(); }

  void use(int descriptor);
  /// From now on TLS: as a client, which asks for the certificate of `host`, or as a server.
  void secure(SSL_CTX* context, const std::string& host);
  void secure(SSL_CTX* context);
  bool is_secure() const { return ssl_ != nullptr; }
  /// Ends TLS, if there is any, and closes.
  void end();

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  /// As of the sockets. `flags` do not apply to TLS.
  ssize_t send(const char* from, size_t size, int flags = 0);
  ssize_t receive(char* to, size_t size, int flags = 0);

 private:
  ssize_t result_of(int returned);

  int descriptor_ = -1;
  std::unique_ptr<SSL, FreeTls> ssl_;
  bool broken_ = false;  // No close_notify may follow.
};

}  // namespace weir::bench
