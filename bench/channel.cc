#include "channel.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace weir::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s: ", what);
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

TlsContext make(const SSL_METHOD* method) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  TlsContext context(SSL_CTX_new(method));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), "X25519") != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256") != 1)
    give_up("TLS");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

constexpr unsigned char kProtocol[] = "\x08http/1.1";
constexpr unsigned kProtocolSize = sizeof kProtocol - 1;

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int how =
      SSL_select_next_proto(&found, size, kProtocol, kProtocolSize, offered, offered_size);
  *chosen = found;
  return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsContext client_tls(const std::string& authorities) {
  TlsContext context = make(TLS_client_method());
  if (SSL_CTX_load_verify_file(context.get(), authorities.c_str()) != 1)
    give_up(authorities.c_str());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocol, kProtocolSize);
  return context;
}

TlsContext server_tls(const std::string& identity, size_t tickets) {
  TlsContext context = make(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), identity.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), identity.c_str(), SSL_FILETYPE_PEM) != 1)
    give_up(identity.c_str());
  SSL_CTX_set_num_tickets(context.get(), tickets);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return context;
}

void Channel::use(int descriptor) {
  end();
  descriptor_ = descriptor;
}

void Channel::secure(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor_) != 1) give_up("TLS");
  SSL_set_accept_state(ssl_.get());
}

void Channel::secure(SSL_CTX* context, const std::string& host) {
  secure(context);
  SSL_set_connect_state(ssl_.get());
  if (SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) != 1 ||
      SSL_set1_host(ssl_.get(), host.c_str()) != 1)
    give_up(host.c_str());
}

void Channel::end() {
  if (ssl_ && !broken_ && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ssl_.reset();
  broken_ = false;
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

ssize_t Channel::send(const char* from, size_t size, int flags) {
  if (!ssl_) return ::send(descriptor_, from, size, flags | MSG_NOSIGNAL);
  ERR_clear_error();
  return result_of(SSL_write(ssl_.get(), from, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

ssize_t Channel::receive(char* to, size_t size, int flags) {
  if (!ssl_) return recv(descriptor_, to, size, flags);
  ERR_clear_error();
  return result_of(SSL_read(ssl_.get(), to, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

ssize_t Channel::result_of(int returned) {
  if (returned > 0) return returned;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: break;
  }
  broken_ = true;
  // The first alone: the same for thousands of connections would fill the disk.
  static bool said = false;
  if (!said && SSL_is_init_finished(ssl_.get()) == 0) {
    said = true;
    const long verified = SSL_get_verify_result(ssl_.get());
    const unsigned long error = ERR_peek_error();
    std::fprintf(stderr, "TLS: %s\n",
                 verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                 : error != 0          ? ERR_reason_error_string(error)
                                       : "the peer ended the handshake");
  }
  errno = EPROTO;
  return -1;
}

}  // namespace weir::bench
