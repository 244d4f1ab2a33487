#include "net/tls/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <algorithm>

#include "net/tls/verdict.h"

namespace weir::net {
namespace {

/// TLSFeature's value for status_request.
constexpr long kStatusRequest = 5;
/// Clocks differ.
constexpr long kLeewayS = 300;
/// How old a response may be that does not say when the next one comes.
constexpr long kMostAgeS = 7 * 24 * 60 * 60;
/// A response about a certificate speaks of one.
constexpr int kMostAnswers = 16;

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreedBy<&OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreedBy<&OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, FreedBy<&OCSP_CERTID_free>>;
using Features = std::unique_ptr<TLS_FEATURE, FreedBy<&TLS_FEATURE_free>>;

BasicPtr parse(std::string_view staple) {
  const auto* at = reinterpret_cast<const unsigned char*>(staple.data());
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(staple.size())));
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return nullptr;
  return BasicPtr(OCSP_response_get1_basic(response.get()));
}

/// The answer about `certificate`, by whatever hash the responder names it.
OCSP_SINGLERESP* answer_about(OCSP_BASICRESP* basic, const X509* certificate, const X509* issuer) {
  const int count = std::min(OCSP_resp_count(basic), kMostAnswers);
  for (int i = 0; i < count; ++i) {
    OCSP_SINGLERESP* const answer = OCSP_resp_get0(basic, i);
    const OCSP_CERTID* const id = OCSP_SINGLERESP_get0_id(answer);
    ASN1_OBJECT* hash = nullptr;
    OCSP_id_get0_info(nullptr, &hash, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
    const EVP_MD* const digest = EVP_get_digestbyobj(hash);
    const IdPtr own(digest ? OCSP_cert_to_id(digest, certificate, issuer) : nullptr);
    if (own && OCSP_id_cmp(own.get(), id) == 0) return answer;
  }
  return nullptr;
}

struct Word {
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  /// Why it counts for nothing; empty: it counts.
  const char* useless = "";
  const ASN1_GENERALIZEDTIME* revoked_at = nullptr;
};

Word word_of(OCSP_BASICRESP* basic, STACK_OF(X509) * chain, X509_STORE* store) {
  if (!basic) return {.useless = "which can't be read"};
  X509* const certificate = sk_X509_value(chain, 0);
  X509* const issuer = sk_X509_value(chain, std::min(1, sk_X509_num(chain) - 1));
  OCSP_SINGLERESP* const answer = answer_about(basic, certificate, issuer);
  if (!answer) return {.useless = "which is about another certificate"};
  // By the issuer, or by one to whom the issuer has given this task (RFC 6960, 4.2.2.2).
  if (OCSP_basic_verify(basic, chain, store, OCSP_NOEXPLICIT) != 1)
    return {.useless = "which its issuer has not signed"};
  Word word;
  ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *next = nullptr;
  word.status = OCSP_single_get0_status(answer, nullptr, &revoked, &from, &next);
  word.revoked_at = revoked;
  if (OCSP_check_validity(from, next, kLeewayS, next ? -1 : kMostAgeS) != 1)
    word.useless = "which is of another time";
  else if (word.status == V_OCSP_CERTSTATUS_UNKNOWN)
    word.useless = "which says that it is unknown";
  return word;
}

}  // namespace

bool must_staple(const X509* certificate) {
  if (X509_get_ext_by_NID(certificate, NID_tlsfeature, -1) < 0) return false;
  const Features features(
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr)));
  for (int i = 0; features && i < sk_ASN1_INTEGER_num(features.get()); ++i)
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) return true;
  return false;
}

std::string why_refused_by_staple(std::string_view staple, STACK_OF(X509) * chain,
                                  X509_STORE* store) {
  if (sk_X509_num(chain) < 1) return {};
  const bool needed = must_staple(sk_X509_value(chain, 0));
  constexpr const char* kNeeds = "must come with its issuer's word that it is still good";
  if (staple.empty()) return needed ? std::string(kNeeds) + ", and comes without" : std::string();
  const BasicPtr basic = parse(staple);
  const Word word = word_of(basic.get(), chain, store);
  ERR_clear_error();
  // Nothing makes a revoked certificate good again, so that the age of this does not count.
  if (word.status == V_OCSP_CERTSTATUS_REVOKED)
    return "was revoked by its issuer (on " + date_of(word.revoked_at) + ')';
  if (*word.useless == 0 || !needed) return {};
  return std::string(kNeeds) + ", and comes with one " + word.useless;
}

}  // namespace weir::net
