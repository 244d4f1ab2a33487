#include "net/tls/trust_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <optional>

#include "base/whole_file.h"

namespace weir::net {
namespace {

/// Debian's package ca-certificates writes it.
/// Ten times what Debian's has.
constexpr size_t kLargestFile = 4 * 1024 * 1024;

std::atomic<uint32_t> stores{0};

/// Changes when the system's file is written anew.
std::string state_of_systems_file() {
  struct stat state{};
  if (stat(kSystemRoots, &state) != 0) return {};
  return std::to_string(state.st_dev) + ' ' + std::to_string(state.st_ino) + ' ' +
         std::to_string(state.st_size) + ' ' + std::to_string(state.st_mtim.tv_sec) + '.' +
         std::to_string(state.st_mtim.tv_nsec);
}

using Infos = std::unique_ptr<STACK_OF(X509_INFO), decltype([](STACK_OF(X509_INFO) * all) {
                                sk_X509_INFO_pop_free(all, X509_INFO_free);
                              })>;

/// False: there is no certificate in `pem`.
bool add_all(const std::string& pem, X509_STORE* to) {
  using BioPtr = std::unique_ptr<BIO, FreedBy<&BIO_free_all>>;
  ERR_clear_error();
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Infos infos(bio ? PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  bool any = false;
  for (int i = 0; infos && i < sk_X509_INFO_num(infos.get()); ++i) {
    X509* const certificate = sk_X509_INFO_value(infos.get(), i)->x509;
    if (!certificate) continue;
    parse_extensions(certificate);
    any |= X509_STORE_add_cert(to, certificate) == 1;
  }
  ERR_clear_error();
  return any;
}

}  // namespace

TrustStore::TrustStore(TrustStorePtr store, std::string said, Distrust distrust,
                       std::shared_ptr<KnownIssuers> issuers)
    : store_(std::move(store)),
      said_(std::move(said)),
      distrust_(std::move(distrust)),
      number_(++stores),
      issuers_(std::move(issuers)) {}

std::expected<std::shared_ptr<TrustStore>, std::string> TrustStore::make(
    const TlsConfig& config, const std::shared_ptr<TrustStore>& before) {
  TrustStorePtr store(X509_STORE_new());
  if (!store) return std::unexpected("there is no memory for certificates");
  std::string said;
  for (const std::string& file : config.roots) {
    std::string why;
    const auto pem = base::read_whole_file(file, kLargestFile, why);
    if (!pem)
      return std::unexpected("tls.roots: " + file +
                             " can't be read: " + (why.empty() ? "it is not there" : why));
    if (!add_all(*pem, store.get()))
      return std::unexpected("tls.roots: " + file + " has no certificates in PEM");
    said += *pem + '\n';
  }
  Distrust distrust(config.distrusted);
  if (before && before->said_ == said && before->distrust_ == distrust && before->is_current())
    return before;
  auto issuers = before ? before->issuers_ : std::make_shared<KnownIssuers>();
  return std::shared_ptr<TrustStore>(
      new TrustStore(std::move(store), std::move(said), std::move(distrust), std::move(issuers)));
}

bool TrustStore::is_current() const {
  return !loaded() || systems_state_ == state_of_systems_file();
}

void TrustStore::load() {
  std::lock_guard lock(loading_);
  if (loaded()) return;
  systems_state_ = state_of_systems_file();
  // Without them only the configuration's own count: the reason shows at each site.
  ERR_clear_error();
  // All at once and here, where OpenSSL's own default would open files at each handshake.
  if (X509_STORE_load_file(store_.get(), kSystemRoots) != 1)
    X509_STORE_set_default_paths(store_.get());
  const auto* const all = X509_STORE_get0_objects(store_.get());
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (X509* const each = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i)))
      parse_extensions(each);
  ERR_clear_error();
  loaded_.store(true, std::memory_order_release);
}

}  // namespace weir::net
