// Whom Weir believes about who an origin is.
#pragma once
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls/openssl.h"

namespace weir::net {

/// The system's certificates and the configuration's. Shared by all workers; any thread.
class TrustStore {
 public:
  /// Reads the configuration's files. The system's are read by load(), since that takes some 20 ms,
  /// and most Weirs never need them. The error is a sentence about a file.
  static std::expected<std::shared_ptr<TrustStore>, std::string> make(
      const std::vector<std::string>& roots);

  /// Reads the system's certificates, if that was not done. Blocks; not on a worker.
  void load();
  bool loaded() const { return loaded_.load(std::memory_order_acquire); }
  /// With what was read. OpenSSL guards it itself.
  X509_STORE* get() const { return store_.get(); }
  /// Another number for each store: connections that were verified by one are not used by requests
  /// that rely on another.
  uint32_t number() const { return number_; }

 private:
  explicit TrustStore(TrustStorePtr store);

  const TrustStorePtr store_;
  const uint32_t number_;
  std::mutex loading_;
  std::atomic<bool> loaded_{false};
};

}  // namespace weir::net
