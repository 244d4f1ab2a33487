#include "net/tls/client_tls.h"

#include <openssl/err.h>

#include <ctime>
#include <new>

#include "net/tls/chain_check.h"
#include "net/tls/staple.h"
#include "net/tls/verdict.h"

namespace weir::net {

/// What an SSL knows beside its settings. Freed with it.
struct ClientTls::Peer {
  base::Ref<ClientTls> maker;
  std::string origin;
  bool stop_if_asked = false;
  std::string why_refused = {};
  /// URLs of issuers' certificates that were asked for, the last one last.
  std::vector<std::string> fetched = {};
  bool offered_session = false;
};

namespace {

/// X25519 first: it costs 90 us less a side than P-256.
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr unsigned char kHttp1[] = "\x08http/1.1";
/// OpenSSL's: keys of 112 bits of security, no SHA-1 in signatures.
constexpr int kSecurityLevel = 2;

}  // namespace

int ClientTls::peer_index() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* peer, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<Peer*>(peer);
      });
  return index;
}

base::Ref<ClientTls> ClientTls::make(std::shared_ptr<TrustStore> trust,
                                     std::shared_ptr<KeyLog> key_log) {
  base::Ref<ClientTls> made(new ClientTls(std::move(trust)));
  return made->prepare(std::move(key_log)) ? made : base::Ref<ClientTls>();
}

bool ClientTls::prepare(std::shared_ptr<KeyLog> key_log) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
      !SSL_CTX_set1_groups_list(context, kGroups))
    return false;
  SSL_CTX_set1_cert_store(context, trust_->get());
  SSL_CTX_set_security_level(context, kSecurityLevel);
  // Reading ahead takes several records with one call of the kernel. An end without close_notify is
  // told apart by TlsStream.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_client_cert_cb(context, &certificate_asked);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &check, nullptr);
  if (key_log && !KeyLog::attach(context, std::move(key_log))) return false;
  SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
  SSL_CTX_set_tlsext_status_cb(context, &check_staple);
  if (SSL_CTX_set_alpn_protos(context, kHttp1, sizeof kHttp1 - 1) != 0) return false;
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &new_session);
  return true;
}

SslPtr ClientTls::begin(std::string_view host, bool literal, std::string_view origin,
                        bool stop_if_asked) {
  ERR_clear_error();
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  auto peer =
      std::make_unique<Peer>(Peer{base::Ref<ClientTls>(this), std::string(origin), stop_if_asked});
  if (SSL_set_ex_data(ssl.get(), peer_index(), peer.get()) != 1) return nullptr;
  Peer& kept = *peer.release();
  const std::string name(host);
  SSL_set_connect_state(ssl.get());
  X509_VERIFY_PARAM* const checks = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(
      checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool named = literal ? X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(checks, name.data(), name.size()) == 1 &&
                                   SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  if (!named) return nullptr;
  if (const SslSessionPtr session = sessions_.take(origin))
    kept.offered_session = SSL_set_session(ssl.get(), session.get()) == 1;
  return ssl;
}

int ClientTls::check(X509_STORE_CTX* about, void*) {
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(about, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const peer = static_cast<Peer*>(SSL_get_ex_data(ssl, peer_index()));
  if (!peer) return 0;
  try {
    ChainVerdict verdict = check_chain(about, *peer->maker->trust_, peer->fetched);
    if (verdict.what == ChainVerdict::What::good) return 1;
    if (verdict.what == ChainVerdict::What::incomplete && peer->fetched.size() < kMostFetches) {
      peer->fetched.push_back(std::move(verdict.text));
      return SSL_set_retry_verify(ssl);
    }
    peer->why_refused = std::move(verdict.text);
  } catch (const std::bad_alloc&) {
    // OpenSSL is C: no exception may pass it.
    X509_STORE_CTX_set_error(about, X509_V_ERR_OUT_OF_MEM);
  }
  return 0;
}

int ClientTls::check_staple(SSL* ssl, void*) {
  // None is sent then; the first handshake's verdict holds.
  if (SSL_session_reused(ssl) == 1) return 1;
  auto* const peer = static_cast<Peer*>(SSL_get_ex_data(ssl, peer_index()));
  STACK_OF(X509)* const chain = SSL_get0_verified_chain(ssl);
  if (!peer || !chain) return 0;
  const unsigned char* bytes = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
  const std::string_view staple(reinterpret_cast<const char*>(bytes),
                                size > 0 ? static_cast<size_t>(size) : 0);
  try {
    peer->why_refused = why_refused_by_staple(staple, chain, peer->maker->trust_->get());
    if (peer->why_refused.empty()) return 1;
  } catch (const std::bad_alloc&) {
    // OpenSSL is C: no exception may pass it.
  }
  SSL_set_verify_result(ssl, X509_V_ERR_OCSP_VERIFY_FAILED);
  return 0;
}

bool ClientTls::offered_session(const TlsStream& stream) {
  const auto* const peer = static_cast<const Peer*>(SSL_get_ex_data(&stream.ssl(), peer_index()));
  return peer && peer->offered_session;
}

std::string ClientTls::missing_issuer(const TlsStream& stream) {
  const auto* const peer = static_cast<const Peer*>(SSL_get_ex_data(&stream.ssl(), peer_index()));
  return peer && !peer->fetched.empty() ? peer->fetched.back() : std::string();
}

std::string ClientTls::why_refused(const TlsStream& stream) {
  const auto* const peer = static_cast<const Peer*>(SSL_get_ex_data(&stream.ssl(), peer_index()));
  if (peer && !peer->why_refused.empty()) return peer->why_refused;
  return net::why_refused(static_cast<int>(SSL_get_verify_result(&stream.ssl())), nullptr);
}

Validity ClientTls::validity_of(const TlsStream& stream) {
  const X509* const certificate = SSL_get0_peer_certificate(&stream.ssl());
  if (!certificate) return {};
  const auto seconds = [](const ASN1_TIME* at) -> int64_t {
    std::tm parts{};
    return ASN1_TIME_to_tm(at, &parts) == 1 ? timegm(&parts) : 0;
  };
  return {seconds(X509_get0_notBefore(certificate)), seconds(X509_get0_notAfter(certificate))};
}

int ClientTls::certificate_asked(SSL* ssl, X509**, EVP_PKEY**) {
  const auto* const peer = static_cast<const Peer*>(SSL_get_ex_data(ssl, peer_index()));
  return peer && peer->stop_if_asked ? -1 : 0;
}

int ClientTls::new_session(SSL* ssl, SSL_SESSION* session) {
  auto* const peer = static_cast<Peer*>(SSL_get_ex_data(ssl, peer_index()));
  if (!peer) return 0;
  SslSessionPtr kept(session);
  try {
    peer->maker->sessions_.put(peer->origin, std::move(kept));
    return 1;
  } catch (const std::bad_alloc&) {
    // OpenSSL is C: no exception may pass it. If `kept` was not taken, OpenSSL frees its session.
    return kept.release() ? 0 : 1;
  }
}

}  // namespace weir::net
