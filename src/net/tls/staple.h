// What an origin shows of its issuer's word that its certificate is still good.
#pragma once
#include <string>
#include <string_view>

#include "net/tls/openssl.h"

namespace weir::net {

/// Why a certificate is refused for the OCSP response that came with it (RFC 6066, 8; RFC 6960), as
/// the end of "The certificate of HOST ..."; empty: it is not. One that says "revoked" refuses
/// always; a good and fresh one is needed only if the certificate asks for it (RFC 7633). `staple`
/// is empty if none came; `chain` was verified with `store`, and begins with the certificate.
std::string why_refused_by_staple(std::string_view staple, STACK_OF(X509) * chain,
                                  X509_STORE* store);

/// The certificate says that it must come with such a response (RFC 7633, status_request).
bool must_staple(const X509* certificate);

}  // namespace weir::net
