// For tests only: a TLS server whose bytes the test carries.
#pragma once
#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "net/tls/openssl.h"

namespace weir::net {

using KeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<&EVP_PKEY_free>>;

/// A certificate for `name` that nobody but itself vouches for, valid from `from_s` to `to_s`
/// seconds from now on.
inline CertificatePtr self_signed(EVP_PKEY* key, const char* name, long from_s = -86'400,
                                  long to_s = 86'400) {
  CertificatePtr made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from_s);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), to_s);
  X509_NAME* const subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  X509_set_pubkey(made.get(), key);
  const std::string names = std::string("DNS:") + name;
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(made.get(), key, EVP_sha256());
  return made;
}

class FakeServer {
 public:
  explicit FakeServer(int version, const char* name = "origin.test", long from_s = -86'400,
                      long to_s = 86'400)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")),
        certificate_(self_signed(key_.get(), name, from_s, to_s)),
        context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    const unsigned char id = 1;
    SSL_CTX_set_session_id_context(context_.get(), &id, 1);
    accept();
  }
  /// For the next connection.
  void accept() {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  SSL* ssl() const { return ssl_.get(); }
  X509* certificate() const { return certificate_.get(); }

  /// Bytes of the client's arrive, and are looked at.
  void take(std::string_view bytes) {
    if (!bytes.empty())
      BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
    char content[4096];
    int n = 0;
    while ((n = SSL_read(ssl(), content, sizeof content)) > 0)
      received.append(content, static_cast<size_t>(n));
    ended = ended || SSL_get_error(ssl(), n) == SSL_ERROR_ZERO_RETURN;
  }
  void send(std::string_view content) {
    SSL_write(ssl(), content.data(), static_cast<int>(content.size()));
  }
  /// What it has to say to the client.
  std::string give() {
    std::string bytes;
    char part[4096];
    int n = 0;
    while ((n = BIO_read(SSL_get_wbio(ssl()), part, sizeof part)) > 0)
      bytes.append(part, static_cast<size_t>(n));
    return bytes;
  }

  /// The content that has come, and whether close_notify has.
  std::string received;
  bool ended = false;

 private:
  const KeyPtr key_;
  const CertificatePtr certificate_;
  const SslContextPtr context_;
  SslPtr ssl_;
};

}  // namespace weir::net
