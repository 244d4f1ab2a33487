#include "net/tls/fetched_issuers.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <algorithm>

#include "base/text.h"

namespace weir::net {
namespace {

constexpr size_t kMostUrls = 2, kLongestUrl = 1024, kMostCertificates = 4;

using Places = std::unique_ptr<AUTHORITY_INFO_ACCESS, FreedBy<&AUTHORITY_INFO_ACCESS_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, FreedBy<&PKCS7_free>>;
using BioPtr = std::unique_ptr<BIO, FreedBy<&BIO_free_all>>;

bool fetchable(std::string_view url) {
  constexpr std::string_view kHttp = "http://";
  return url.size() > kHttp.size() && url.size() <= kLongestUrl &&
         base::equal_ignoring_case(url.substr(0, kHttp.size()), kHttp) &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f' && c != '@'; });
}

void add_all(const PKCS7* message, std::vector<CertificatePtr>& to) {
  if (!message || !PKCS7_type_is_signed(message) || !message->d.sign) return;
  const STACK_OF(X509)* const all = message->d.sign->cert;
  for (int i = 0; i < sk_X509_num(all) && to.size() < kMostCertificates; ++i)
    to.push_back(share(sk_X509_value(all, i)));
}

void add_from_der(std::string_view content, std::vector<CertificatePtr>& to) {
  const auto* at = reinterpret_cast<const unsigned char*>(content.data());
  const auto size = static_cast<long>(content.size());
  if (CertificatePtr one{d2i_X509(nullptr, &at, size)}) {
    to.push_back(std::move(one));
    return;
  }
  at = reinterpret_cast<const unsigned char*>(content.data());
  add_all(Pkcs7Ptr(d2i_PKCS7(nullptr, &at, size)).get(), to);
}

void add_from_pem(std::string_view content, std::vector<CertificatePtr>& to) {
  const auto reader = [&] {
    return BioPtr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  };
  if (const BioPtr bio = reader()) {
    while (to.size() < kMostCertificates) {
      CertificatePtr one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
      if (!one) break;
      to.push_back(std::move(one));
    }
  }
  if (const BioPtr bio = reader(); bio && to.empty())
    add_all(Pkcs7Ptr(PEM_read_bio_PKCS7(bio.get(), nullptr, nullptr, nullptr)).get(), to);
}

}  // namespace

std::vector<std::string> issuer_urls(const X509* certificate) {
  const Places places(static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  std::vector<std::string> urls;
  for (int i = 0; places && i < sk_ACCESS_DESCRIPTION_num(places.get()); ++i) {
    const ACCESS_DESCRIPTION* const place = sk_ACCESS_DESCRIPTION_value(places.get(), i);
    if (OBJ_obj2nid(place->method) != NID_ad_ca_issuers || place->location->type != GEN_URI)
      continue;
    const ASN1_STRING* const uri = place->location->d.uniformResourceIdentifier;
    const std::string_view url(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                               static_cast<size_t>(ASN1_STRING_length(uri)));
    if (fetchable(url)) urls.emplace_back(url);
    if (urls.size() == kMostUrls) break;
  }
  return urls;
}

std::vector<CertificatePtr> certificates_in(std::string_view content) {
  std::vector<CertificatePtr> found;
  ERR_clear_error();
  if (content.contains("-----BEGIN "))
    add_from_pem(content, found);
  else
    add_from_der(content, found);
  ERR_clear_error();
  return found;
}

FetchedIssuers::Entries::iterator FetchedIssuers::place_of(std::string_view url) {
  return std::ranges::find(entries_, url, &Entry::url);
}

void FetchedIssuers::put(std::string url, std::vector<CertificatePtr> found, uint64_t now_ms) {
  const uint64_t until_ms = now_ms + (found.empty() ? kFailureKeptMs : kKeptMs);
  const std::lock_guard lock(mutex_);
  if (const auto known = place_of(url); known != entries_.end())
    entries_.erase(known);
  else if (entries_.size() == kMost)
    entries_.pop_back();
  entries_.push_front({std::move(url), std::move(found), until_ms});
}

std::optional<std::vector<CertificatePtr>> FetchedIssuers::at(std::string_view url,
                                                              uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto known = place_of(url);
  if (known == entries_.end() || known->until_ms <= now_ms) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, known);
  std::vector<CertificatePtr> found;
  for (const CertificatePtr& each : known->found) found.push_back(share(each.get()));
  return found;
}

}  // namespace weir::net
