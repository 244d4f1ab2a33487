#include "net/tls/trust_store.h"

#include <openssl/err.h>

namespace weir::net {
namespace {

/// Debian's package ca-certificates writes it.
constexpr const char* kSystemsFile = "/etc/ssl/certs/ca-certificates.crt";

std::atomic<uint32_t> stores{0};

}  // namespace

TrustStore::TrustStore(TrustStorePtr store) : store_(std::move(store)), number_(++stores) {}

std::expected<std::shared_ptr<TrustStore>, std::string> TrustStore::make(
    const std::vector<std::string>& roots) {
  TrustStorePtr store(X509_STORE_new());
  if (!store) return std::unexpected("there is no memory for certificates");
  for (const std::string& file : roots) {
    ERR_clear_error();
    if (X509_STORE_load_file(store.get(), file.c_str()) != 1)
      return std::unexpected(file + " has no certificates in PEM, or can't be read");
  }
  return std::shared_ptr<TrustStore>(new TrustStore(std::move(store)));
}

void TrustStore::load() {
  std::lock_guard lock(loading_);
  if (loaded()) return;
  // Without them only the configuration's own count: the reason shows at each site.
  ERR_clear_error();
  // All at once and here, where OpenSSL's own default would open files at each handshake.
  if (X509_STORE_load_file(store_.get(), kSystemsFile) != 1)
    X509_STORE_set_default_paths(store_.get());
  ERR_clear_error();
  loaded_.store(true, std::memory_order_release);
}

}  // namespace weir::net
