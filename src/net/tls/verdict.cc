#include "net/tls/verdict.h"

#include <openssl/asn1.h>

#include <ctime>

namespace weir::net {
namespace {

constexpr int kMostNames = 5;
constexpr size_t kLongestName = 100;

std::string text_of(const ASN1_STRING* string) {
  const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  const auto size = static_cast<size_t>(ASN1_STRING_length(string));
  return std::string(bytes, std::min(size, kLongestName));
}

/// The names that the certificate is for: "a.example, b.example".
std::string names_in(const X509* certificate) {
  using Names = std::unique_ptr<GENERAL_NAMES, FreedBy<&GENERAL_NAMES_free>>;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  int shown = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    if (shown++ == kMostNames) return text + " and others";
    text += (text.empty() ? "" : ", ") + text_of(name->d.dNSName);
  }
  return text.empty() ? "no host name" : text;
}

std::string issuer_of(const X509* certificate) {
  const X509_NAME* const name = X509_get_issuer_name(certificate);
  for (const int part : {NID_commonName, NID_organizationName}) {
    const int at = X509_NAME_get_index_by_NID(name, part, -1);
    if (at < 0) continue;
    return '"' + text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))) + '"';
  }
  return "somebody without a name";
}

}  // namespace

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  char text[16];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts));
}

std::string why_refused(int error, const X509* certificate) {
  if (certificate) {
    switch (error) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return "has expired (on " + date_of(X509_get0_notAfter(certificate)) + ")";
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return "is not valid yet (from " + date_of(X509_get0_notBefore(certificate)) + " on)";
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "is for another name: it is for " + names_in(certificate);
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "has an unknown issuer: " + issuer_of(certificate) +
               " is not trusted here, or the site leaves out a certificate between";
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "is signed by nobody but itself, so anybody could have made it";
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "has an unknown issuer: " + issuer_of(certificate) + " is not trusted here";
      default: break;
    }
  }
  return std::string("was not accepted: ") + X509_verify_cert_error_string(error);
}

}  // namespace weir::net
