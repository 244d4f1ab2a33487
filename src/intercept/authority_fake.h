// For tests only: an authority in memory, and a client that may trust it.
#pragma once
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "intercept/authority.h"

namespace weir::intercept {

inline std::shared_ptr<const Authority> fake_authority(uint32_t generation = 1) {
  PrivateKeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  net::CertificatePtr made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400 * 365L);
  X509_NAME* const subject = X509_get_subject_name(made.get());
  const std::string name = "Test CA " + std::to_string(generation);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  X509_set_pubkey(made.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, made.get(), made.get(), nullptr, nullptr, 0);
  for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                                   std::pair(NID_key_usage, "critical,keyCertSign,cRLSign"),
                                   std::pair(NID_subject_key_identifier, "hash")}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(made.get(), key.get(), EVP_sha256());
  return std::make_shared<const Authority>(generation, std::move(made), std::move(key));
}

/// How a client that trusts `authority` finds the certificate, for that host or address.
inline int verified(X509* certificate, const Authority& authority, const std::string& host,
                    bool literal = false) {
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, authority.certificate());
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, certificate, nullptr);
  X509_VERIFY_PARAM* const checks = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_purpose(checks, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_flags(checks, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (literal)
    X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str());
  else
    X509_VERIFY_PARAM_set1_host(checks, host.c_str(), host.size());
  X509_verify_cert(context);
  const int result = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return result;
}

}  // namespace weir::intercept
