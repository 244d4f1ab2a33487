// Why a certificate was not accepted, in words.
#pragma once
#include <string>

#include "net/tls/openssl.h"

namespace weir::net {

/// A sentence's end for "The certificate of HOST ...": "has expired (on 2026-01-31)". `error` is
/// X509_V_ERR_...; `certificate` the one that it is about, or null. For people; its names are bytes
/// from the wire, of which it takes few.
std::string why_refused(int error, const X509* certificate);

/// "2026-01-31"; for null "an unknown day".
std::string date_of(const ASN1_TIME* time);

}  // namespace weir::net
