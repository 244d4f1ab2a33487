// Whether an origin's certificate is good, by the chain that leads from it to a root.
#pragma once
#include <span>
#include <string>

#include "net/tls/openssl.h"
#include "net/tls/trust_store.h"

namespace weir::net {

struct ChainVerdict {
  enum class What {
    good,
    bad,
    /// An issuer's certificate is missing, and may be at `text`, an URL.
    incomplete,
  };
  What what = What::bad;
  /// Of `bad`: why, as why_refused() says it.
  std::string text = {};
};

/// Verifies what OpenSSL has prepared in `about`, which then has the result as if OpenSSL had
/// verified it. If an issuer is missing, tries those that `trust` knows from elsewhere: as helpers,
/// which are trusted no more than what the origin sends (RFC 5280, 6.1). `tried`: URLs that are not
/// to be named again.
ChainVerdict check_chain(X509_STORE_CTX* about, const TrustStore& trust,
                         std::span<const std::string> tried);

}  // namespace weir::net
