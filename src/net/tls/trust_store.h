// Whom Weir believes about who an origin is.
#pragma once
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "net/tls/config.h"
#include "net/tls/distrust.h"
#include "net/tls/fetched_issuers.h"
#include "net/tls/intermediates.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// Where Debian keeps the system's authorities, in PEM.
inline constexpr const char* kSystemRoots = "/etc/ssl/certs/ca-certificates.crt";

/// Certificates that help to build chains, and that nobody trusts.
struct KnownIssuers {
  Intermediates seen;
  FetchedIssuers fetched;
};

/// The system's certificates and the configuration's, and whom never to believe. Shared by all
/// workers; any thread.
class TrustStore {
 public:
  /// Reads the configuration's files. The system's are read by load(), since that takes some 20 ms,
  /// and most Weirs never need them. Returns `before`, which may be null, if that says the same, so
  /// that what was verified by it stays valid. The error is a sentence about a file.
  static std::expected<std::shared_ptr<TrustStore>, std::string> make(
      const TlsConfig& config, const std::shared_ptr<TrustStore>& before = {});

  /// Reads the system's certificates, if that was not done. Blocks; not on a worker.
  void load();
  bool loaded() const { return loaded_.load(std::memory_order_acquire); }
  /// With what was read. OpenSSL guards it itself.
  X509_STORE* get() const { return store_.get(); }
  /// Another number for each store: connections that were verified by one are not used by requests
  /// that rely on another.
  uint32_t number() const { return number_; }
  /// Whom not to believe, whatever the certificates say.
  const Distrust& distrust() const { return distrust_; }
  /// The same in all stores that were made one from another.
  KnownIssuers& issuers() const { return *issuers_; }

 private:
  TrustStore(TrustStorePtr store, std::string said, Distrust distrust,
             std::shared_ptr<KnownIssuers> issuers);
  /// The system's file is as it was when it was read, or was not read.
  bool is_current() const;

  const TrustStorePtr store_;
  /// What the configuration's files say.
  const std::string said_;
  const Distrust distrust_;
  const uint32_t number_;
  const std::shared_ptr<KnownIssuers> issuers_;
  std::mutex loading_;
  std::string systems_state_;  // Written before loaded_.
  std::atomic<bool> loaded_{false};
};

}  // namespace weir::net
