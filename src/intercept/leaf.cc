#include "intercept/leaf.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "intercept/certificate_parts.h"

namespace weir::intercept {
namespace {

constexpr size_t kLongestCommonName = 64;  // RFC 5280, A.1: ub-common-name
/// A kept leaf that ends sooner than this is made anew.
constexpr int64_t kLeastLeftS = 3600;

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

/// A key of the old kind inside its EVP_PKEY: OpenSSL 3.0 puts it into a certificate in 6 us, one
/// of its own kind in 220 (docs/design/opening.md).
PrivateKeyPtr make_key() {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  EC_KEY* const made = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
  PrivateKeyPtr key(EVP_PKEY_new());
  if (!made || !key || EC_KEY_generate_key(made) != 1 ||
      EVP_PKEY_assign_EC_KEY(key.get(), made) != 1) {
    EC_KEY_free(made);
    return nullptr;
  }
  return key;
#pragma clang diagnostic pop
}

bool add_name(X509* certificate, const std::string& name, bool literal, bool critical) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(GENERAL_NAMES_new());
  GENERAL_NAME* const one = GENERAL_NAME_new();
  if (!names || !one || sk_GENERAL_NAME_push(names.get(), one) == 0) {
    GENERAL_NAME_free(one);
    return false;
  }
  if (literal) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(name.c_str());
    if (!address) return false;
    GENERAL_NAME_set0_value(one, GEN_IPADD, address);
  } else {
    ASN1_IA5STRING* const host = ASN1_IA5STRING_new();
    if (!host || ASN1_STRING_set(host, name.data(), static_cast<int>(name.size())) != 1) {
      ASN1_IA5STRING_free(host);
      return false;
    }
    GENERAL_NAME_set0_value(one, GEN_DNS, host);
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical ? 1 : 0, 0) ==
         1;
}

}  // namespace

struct Leaves::Extensions {
  std::array<ExtensionPtr, 5> all;
};

Leaves::Leaves(std::shared_ptr<const Authority> authority) : authority_(std::move(authority)) {}

std::shared_ptr<Leaves> Leaves::make(std::shared_ptr<const Authority> authority) {
  std::shared_ptr<Leaves> made(new Leaves(std::move(authority)));
  made->key_ = make_key();
  const net::CertificatePtr model(X509_new());
  X509* const issuer = made->authority_->certificate();
  if (!made->key_ || !model || X509_set_pubkey(model.get(), made->key()) != 1 ||
      !net::parse_extensions(issuer))
    return nullptr;
  auto extensions = std::make_shared<Extensions>();
  extensions->all = {extension(model.get(), issuer, NID_basic_constraints, "critical,CA:FALSE"),
                     extension(model.get(), issuer, NID_key_usage, "critical,digitalSignature"),
                     extension(model.get(), issuer, NID_ext_key_usage, "serverAuth"),
                     extension(model.get(), issuer, NID_subject_key_identifier, "hash"),
                     extension(model.get(), issuer, NID_authority_key_identifier, "keyid")};
  if (std::ranges::any_of(extensions->all, [](const auto& one) { return !one; })) return nullptr;
  made->extensions_ = std::move(extensions);
  return made;
}

net::CertificatePtr Leaves::mint(const std::string& name, bool literal, const Times& times) const {
  net::CertificatePtr made(X509_new());
  X509* const leaf = made.get();
  if (!leaf || X509_set_version(leaf, X509_VERSION_3) != 1 || !set_serial(leaf)) return nullptr;
  const int64_t from_s = std::max(times.origin_from_s, times.now_s - kBackdatedS);
  const int64_t longest_s = times.now_s + kLongestS;
  const int64_t to_s = times.origin_to_s > 0 ? std::min(times.origin_to_s, longest_s) : longest_s;
  if (!ASN1_TIME_set(X509_getm_notBefore(leaf), from_s) ||
      !ASN1_TIME_set(X509_getm_notAfter(leaf), to_s) ||
      X509_set_issuer_name(leaf, X509_get_subject_name(authority_->certificate())) != 1)
    return nullptr;
  // Browsers go by the alternative name; an empty subject makes that one critical (RFC 5280,
  // 4.1.2.6).
  const bool has_subject = name.size() <= kLongestCommonName;
  if (has_subject &&
      X509_NAME_add_entry_by_NID(X509_get_subject_name(leaf), NID_commonName, MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) != 1)
    return nullptr;
  if (X509_set_pubkey(leaf, key()) != 1) return nullptr;
  for (const ExtensionPtr& one : extensions_->all)
    if (X509_add_ext(leaf, one.get(), -1) != 1) return nullptr;
  if (!add_name(leaf, name, literal, !has_subject)) return nullptr;
  if (X509_sign(leaf, authority_->key(), EVP_sha256()) == 0) return nullptr;
  return net::parse_extensions(leaf) ? std::move(made) : nullptr;
}

std::shared_ptr<const Leaf> Leaves::kept(std::string_view name, int64_t now_s) {
  const std::lock_guard lock(mutex_);
  const auto at = places_.find(name);
  if (at == places_.end()) return nullptr;
  if (at->second->leaf->valid_to_s - now_s < kLeastLeftS) return nullptr;
  list_.splice(list_.begin(), list_, at->second);
  return at->second->leaf;
}

void Leaves::keep(std::string_view name, const std::shared_ptr<const Leaf>& leaf) {
  const std::lock_guard lock(mutex_);
  if (const auto at = places_.find(name); at != places_.end()) {
    at->second->leaf = leaf;
    return;
  }
  list_.push_front({std::string(name), leaf});
  places_.emplace(list_.front().name, list_.begin());
  if (list_.size() <= kMost) return;
  places_.erase(list_.back().name);
  list_.pop_back();
}

void Leaves::name_sessions(const std::string& name, Leaf& leaf) const {
  // The key's identifier differs between two authorities that have the same number.
  const ASN1_OCTET_STRING* const id = X509_get0_subject_key_id(authority_->certificate());
  std::string named;
  if (id)
    named.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)),
                 static_cast<size_t>(ASN1_STRING_length(id)));
  named += ' ' + std::to_string(authority_->generation()) + ' ' + name;
  SHA256(reinterpret_cast<const unsigned char*>(named.data()), named.size(), leaf.sessions.data());
}

std::shared_ptr<const Leaf> Leaves::leaf_for(std::string_view name, bool literal,
                                             const Times& times) {
  if (auto leaf = kept(name, times.now_s)) return leaf;
  ERR_clear_error();
  auto made = std::make_shared<Leaf>();
  const std::string text(name);
  made->certificate = mint(text, literal, times);
  if (!made->certificate) return nullptr;
  name_sessions(text, *made);
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(made->certificate.get()), &parts) == 1)
    made->valid_to_s = timegm(&parts);
  keep(name, made);
  return made;
}

}  // namespace weir::intercept
