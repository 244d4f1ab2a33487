#include "intercept/new_authority.h"

#include <openssl/rand.h>

#include <cstdio>
#include <ctime>
#include <string>

#include "intercept/certificate_parts.h"

namespace weir::intercept {
namespace {

constexpr int64_t kBackdatedS = 2 * 86'400;
constexpr size_t kLongestCommonName = 64;  // RFC 5280, A.1: ub-common-name

std::string name_of(uint32_t generation, std::string_view host, int64_t now_s) {
  char date[16];
  std::tm parts{};
  const time_t now = now_s;
  gmtime_r(&now, &parts);
  // Two made on one day under one number, in different folders, are told apart too.
  unsigned char random[2] = {};
  char digits[8];
  if (RAND_bytes(random, sizeof random) != 1) return {};
  std::snprintf(digits, sizeof digits, " %02x%02x", random[0], random[1]);
  const std::string last = ' ' +
                           std::string(date, strftime(date, sizeof date, "%Y-%m-%d", &parts)) +
                           digits + " #" + std::to_string(generation);
  const std::string first = "Weir CA ";
  return first + std::string(host.substr(0, kLongestCommonName - first.size() - last.size())) +
         last;
}

bool set_names(X509* made, const std::string& name) {
  X509_NAME* const subject = X509_get_subject_name(made);
  return !name.empty() &&
         X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(made, subject) == 1;
}

bool add_extensions(X509* made) {
  for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                                   std::pair(NID_key_usage, "critical,keyCertSign,cRLSign"),
                                   std::pair(NID_subject_key_identifier, "hash")}) {
    const ExtensionPtr one = extension(made, made, nid, value);
    if (!one || X509_add_ext(made, one.get(), -1) != 1) return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<const Authority> new_authority(uint32_t generation, std::string_view host,
                                               int64_t now_s) {
  PrivateKeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  net::CertificatePtr made(X509_new());
  if (!key || !made || X509_set_version(made.get(), X509_VERSION_3) != 1 ||
      !set_serial(made.get()) || !set_names(made.get(), name_of(generation, host, now_s)) ||
      !ASN1_TIME_set(X509_getm_notBefore(made.get()), now_s - kBackdatedS) ||
      !ASN1_TIME_set(X509_getm_notAfter(made.get()), now_s - kBackdatedS + kAuthorityLifeS) ||
      X509_set_pubkey(made.get(), key.get()) != 1 || !add_extensions(made.get()) ||
      X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
    return nullptr;
  return std::make_shared<const Authority>(generation, std::move(made), std::move(key));
}

}  // namespace weir::intercept
