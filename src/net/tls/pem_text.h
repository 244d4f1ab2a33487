// Certificates as text.
#pragma once
#include <openssl/bio.h>

#include <string>
#include <string_view>

#include "net/tls/openssl.h"

namespace weir::net {

using BioPtr = std::unique_ptr<BIO, FreedBy<&BIO_free_all>>;

/// Reads `text`, which outlives it. Null if there is no memory.
inline BioPtr bio_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
/// What was written to a BIO in memory.
inline std::string text_in(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

/// The first certificate in a text of PEM; null if there is none.
CertificatePtr certificate_in(std::string_view pem);
/// In PEM, and in DER. Empty if OpenSSL fails.
std::string pem_of(X509* certificate);
std::string der_of(const X509* certificate);

}  // namespace weir::net
