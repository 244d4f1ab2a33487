// Issuers' certificates that were fetched from where other certificates say that they are.
#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/account.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// The places of its issuer's certificate that `certificate` names and that Weir would fetch (RFC
/// 5280, 4.2.2.1, caIssuers): at most two URLs of http, of at most 1 KiB each.
std::vector<std::string> issuer_urls(const X509* certificate);

/// The certificates in what such a URL brings: one in DER, a PKCS #7 message of certificates alone
/// (RFC 2585), or either in PEM. The first four; none if it is something else.
std::vector<CertificatePtr> certificates_in(std::string_view content);

/// What URLs have brought, also nothing. As little trusted as what an origin sends: whoever can
/// answer for the URL may have put anything there. Any thread; the lock is held for one look.
class FetchedIssuers {
 public:
  static constexpr size_t kMost = 128;
  static constexpr uint64_t kKeptMs = 24 * 60 * 60 * 1000, kFailureKeptMs = 5 * 60 * 1000;

  FetchedIssuers() = default;
  FetchedIssuers(const FetchedIssuers&) = delete;

  /// `found` is empty if there was nothing.
  void put(std::string url, std::vector<CertificatePtr> found, uint64_t now_ms);
  /// Null: it is not known what is there. Empty: nothing that helps.
  std::optional<std::vector<CertificatePtr>> at(std::string_view url, uint64_t now_ms);

 private:
  struct Entry {
    std::string url;
    std::vector<CertificatePtr> found;
    uint64_t until_ms;
  };
  using Entries = std::list<Entry, base::Charged<Entry>>;
  Entries::iterator place_of(std::string_view url);

  std::mutex mutex_;
  Entries entries_;  // Used last first; so few that they are looked through.
};

}  // namespace weir::net
