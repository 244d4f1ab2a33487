// How OpenSSL reads and writes the stream below a TlsStream.
#pragma once
#include "net/tls/openssl.h"

namespace weir::net {

class TlsStream;

/// One BIO for both directions, which the SSL owns. Null if there is no memory. `stream` outlives
/// it.
BIO* make_bio(TlsStream& stream);

}  // namespace weir::net
