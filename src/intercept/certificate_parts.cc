#include "intercept/certificate_parts.h"

#include <openssl/rand.h>

namespace weir::intercept {

ExtensionPtr extension(X509* subject, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  return ExtensionPtr(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
}

bool set_serial(X509* certificate) {
  constexpr int kSerial = 16;
  unsigned char bytes[kSerial];
  if (RAND_bytes(bytes, kSerial) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // Positive, of full length.
  return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes, kSerial) == 1;
}

}  // namespace weir::intercept
