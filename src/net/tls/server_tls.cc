#include "net/tls/server_tls.h"

#include <openssl/err.h>

namespace weir::net {
namespace {

/// X25519 first: it costs 90 us less a side than P-256.
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr unsigned char kHttp1[] = "\x08http/1.1";
constexpr int kSecurityLevel = 2;

}  // namespace

/// An SSL keeps the ServerTls alive, whose keys its context uses.
int ServerTls::server_index() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* server, CRYPTO_EX_DATA*, int, long, void*) {
        if (server) static_cast<ServerTls*>(server)->release();
      });
  return index;
}

base::Ref<ServerTls> ServerTls::make(std::shared_ptr<TicketKeys> keys,
                                     std::shared_ptr<KeyLog> key_log) {
  base::Ref<ServerTls> made(new ServerTls(std::move(keys)));
  return made->prepare(std::move(key_log)) ? made : base::Ref<ServerTls>();
}

bool ServerTls::prepare(std::shared_ptr<KeyLog> key_log) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = context_.get();
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
      !SSL_CTX_set1_groups_list(context, kGroups))
    return false;
  if (key_log && !KeyLog::attach(context, std::move(key_log))) return false;
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // Sessions are in the clients' tickets alone.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_app_data(context, keys_.get());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &TicketKeys::choose);
  // So that a session of TLS 1.2 keeps its name, which is all that is known of it when it is
  // resumed.
  SSL_CTX_set_tlsext_servername_callback(
      context, +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; });
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  return true;
}

int ServerTls::choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                               const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, kHttp1, sizeof kHttp1 - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

SslPtr ServerTls::begin(const ServerIdentity& identity) {
  ERR_clear_error();
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  if (SSL_use_cert_and_key(ssl.get(), identity.certificate, identity.key, nullptr, 1) != 1 ||
      SSL_set_session_id_context(ssl.get(), identity.sessions.data(),
                                 static_cast<unsigned>(identity.sessions.size())) != 1)
    return nullptr;
  base::Ref<ServerTls> kept(this);
  if (SSL_set_ex_data(ssl.get(), server_index(), this) != 1) return nullptr;
  (void)kept.leak();
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace weir::net
