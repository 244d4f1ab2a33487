// Weir's certificate authority: whom clients have to trust before their TLS can be opened.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "net/tls/openssl.h"

namespace weir::intercept {

using PrivateKeyPtr = std::unique_ptr<EVP_PKEY, net::FreedBy<&EVP_PKEY_free>>;

/// One generation of the authority: a P-256 key and the certificate that it has signed itself, with
/// a name of its own. Immutable; shared by all workers.
class Authority {
 public:
  /// `generation` is 1 or more. Owns both.
  Authority(uint32_t generation, net::CertificatePtr certificate, PrivateKeyPtr key)
      : generation_(generation), certificate_(std::move(certificate)), key_(std::move(key)) {}

  uint32_t generation() const { return generation_; }
  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  const uint32_t generation_;
  const net::CertificatePtr certificate_;
  const PrivateKeyPtr key_;
};

}  // namespace weir::intercept
