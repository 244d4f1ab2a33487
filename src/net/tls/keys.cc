#include "net/tls/keys.h"

#include "net/tls/distrust.h"

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

base::Taken take_distrusted(TlsConfig& config, std::string_view text) {
  const auto hash = parse_key_hash(text);
  if (!hash) return std::unexpected(hash.error());
  config.distrusted.push_back(text_of(*hash));
  return {};
}

constexpr base::OwnValue<TlsConfig> kDistrusted{
    .expectation = "a list of SHA-256 hashes of public keys, each of 64 hexadecimal digits",
    .take = take_distrusted,
    .texts = [](const TlsConfig& config) { return config.distrusted; },
    .clear = [](TlsConfig& config) { config.distrusted.clear(); },
};

constexpr base::Setting<TlsConfig> kKeys[] = {
    {.table = "tls",
     .name = "roots",
     .kind = base::ValueKind::own,
     .member = kRoots,
     .doc =
         "Files of certificates in PEM, whose owners are trusted to vouch for sites, beside those "
         "that this system trusts (/etc/ssl/certs). They are read at start and at each reload."},
    {.table = "tls",
     .name = "distrusted",
     .kind = base::ValueKind::own,
     .member = kDistrusted,
     .doc = "SHA-256 hashes of public keys (of a certificate's SubjectPublicKeyInfo). A site is "
            "refused if its certificate, its authority's or one between has such a key, whoever "
            "vouches for it. The guide on HTTPS says how to make them."},
    {.table = "tls",
     .name = "key_log",
     .kind = base::ValueKind::path,
     .member = &TlsConfig::key_log,
     .doc =
         "A file to which the secrets of TLS connections are appended, with which Wireshark reads "
         "what they carried; so can whoever else has the file. For the time of a search alone. "
         "Weir says at start and at each reload that it is on."},
    {.table = "tls",
     .name = "handshakes_per_client",
     .kind = base::ValueKind::number,
     .member = &TlsConfig::handshakes_per_client,
     .least = 1,
     .most = 100'000,
     .doc =
         "TLS handshakes with sites at a time, in each worker, for one client's requests. Further "
         "ones wait for their turn, at most as long as `timeouts.connect`; then the request gets "
         "503. IPv6 addresses count by their /64."},
    {.table = "tls",
     .name = "handshakes",
     .kind = base::ValueKind::number,
     .member = &TlsConfig::handshakes,
     .least = 1,
     .most = 1'000'000,
     .doc = "The same for all clients together."},
};

}  // namespace

std::span<const base::Setting<TlsConfig>> tls_keys() {
  return kKeys;
}

}  // namespace weir::net
