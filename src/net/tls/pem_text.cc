#include "net/tls/pem_text.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace weir::net {

CertificatePtr certificate_in(std::string_view pem) {
  const BioPtr bio = bio_of(pem);
  CertificatePtr found(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  return found;
}

std::string pem_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? text_in(bio.get())
                                                                : std::string();
}

std::string der_of(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<size_t>(size), '\0');
  auto* to = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &to);
  return der;
}

}  // namespace weir::net
