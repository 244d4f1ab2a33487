// Certificates between an origin's own and a root, from chains that were found good.
#pragma once
#include <array>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/account.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// Helps to build chains for origins that leave an intermediate out (RFC 8446, 4.4.2 asks for it).
/// Nothing here is trusted: a chain has to end in a root with it as without. The kMost that were
/// used last. Any thread; the lock is held for one look.
class Intermediates {
 public:
  static constexpr size_t kMost = 512;
  /// With one subject: authorities that sign each other's have two or three.
  static constexpr size_t kMostOfOneName = 4;

  Intermediates() = default;
  Intermediates(const Intermediates&) = delete;

  /// `chain` was found good: keeps what stands between its two ends.
  void keep(const STACK_OF(X509) * chain);
  /// Those that may have issued `certificate`, by name and key identifier.
  std::vector<CertificatePtr> issuers_of(X509* certificate);
  size_t size() const;

 private:
  struct Entry {
    unsigned long subject;  // X509_NAME_hash
    CertificatePtr certificate;
  };
  using Entries = std::list<Entry, base::Charged<Entry>>;
  using Places =
      std::unordered_multimap<unsigned long, Entries::iterator, std::hash<unsigned long>,
                              std::equal_to<>,
                              base::Charged<std::pair<const unsigned long, Entries::iterator>>>;

  void keep(X509* certificate);
  void drop(Entries::iterator entry);

  mutable std::mutex mutex_;  // Guards all below.
  Entries entries_;           // Used last first.
  Places places_;
};

}  // namespace weir::net
