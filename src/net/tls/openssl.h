// OpenSSL's objects as owned pointers. Included in net/tls/ and intercept/ alone.
#pragma once
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>

namespace weir::net {

template <auto function>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};

using SslPtr = std::unique_ptr<SSL, FreedBy<&SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreedBy<&SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, FreedBy<&SSL_SESSION_free>>;
using CertificatePtr = std::unique_ptr<X509, FreedBy<&X509_free>>;
using TrustStorePtr = std::unique_ptr<X509_STORE, FreedBy<&X509_STORE_free>>;

/// Of a certificate, in seconds since 1970, UTC.
struct Validity {
  int64_t from_s = 0, to_s = 0;
};

/// Another owner of the same certificate.
inline CertificatePtr share(X509* certificate) {
  X509_up_ref(certificate);
  return CertificatePtr(certificate);
}

/// OpenSSL takes the extensions apart at their first use and keeps the result in the certificate.
/// With this it does so before other threads have the certificate. False: they are malformed.
inline bool parse_extensions(X509* certificate) {
  return X509_check_purpose(certificate, -1, 0) == 1;
}

}  // namespace weir::net
