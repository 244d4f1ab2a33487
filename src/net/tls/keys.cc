#include "net/tls/keys.h"

namespace weir::net {

namespace {

base::Taken take_root(TlsConfig& config, std::string_view text) {
  if (!text.starts_with('/')) return std::unexpected("it does not begin with /");
  config.roots.emplace_back(text);
  return {};
}

constexpr base::OwnValue<TlsConfig> kRoots{
    .expectation = "a list of absolute paths of files such as [\"/etc/weir/office-ca.pem\"]",
    .take = take_root,
    .texts = [](const TlsConfig& config) { return config.roots; },
    .clear = [](TlsConfig& config) { config.roots.clear(); },
};

constexpr base::Setting<TlsConfig> kKeys[] = {
    {.table = "tls",
     .name = "roots",
     .kind = base::ValueKind::own,
     .member = kRoots,
     .doc =
         "Files of certificates in PEM, whose owners are trusted to vouch for sites, beside those "
         "that this system trusts (/etc/ssl/certs). They are read at start and at each reload."},
};

}  // namespace

std::span<const base::Setting<TlsConfig>> tls_keys() {
  return kKeys;
}

}  // namespace weir::net
