// What is set alike in all certificates that Weir makes.
#pragma once
#include <openssl/x509v3.h>

#include <memory>

#include "net/tls/openssl.h"

namespace weir::intercept {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, net::FreedBy<&X509_EXTENSION_free>>;

/// `value` in OpenSSL's words. Null if it fails. `issuer` and `subject` outlive the call.
ExtensionPtr extension(X509* subject, X509* issuer, int nid, const char* value);

/// A serial number of 16 random bytes: two certificates of one issuer with the same one are refused
/// (RFC 5280, 4.1.2.2).
bool set_serial(X509* certificate);

}  // namespace weir::intercept
