#include "net/tls/chain_check.h"

#include <algorithm>
#include <new>

#include "base/clock.h"
#include "net/tls/verdict.h"

namespace weir::net {
namespace {

/// How many issuers in a row may be missing. A chain of the web has one or two.
constexpr int kMostRounds = 3;
constexpr size_t kMostHelpers = 12;

using ContextPtr = std::unique_ptr<X509_STORE_CTX, FreedBy<&X509_STORE_CTX_free>>;
/// Does not own what is in it.
using View =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * view) { sk_X509_free(view); })>;

bool lacks_issuer(const X509_STORE_CTX* checked) {
  switch (X509_STORE_CTX_get_error(checked)) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return true;
    default: return false;
  }
}

/// Tries to complete one chain.
class Completion {
 public:
  Completion(X509_STORE_CTX* about, const TrustStore& trust, std::span<const std::string> tried)
      : about_(about), trust_(trust), tried_(tried), now_ms_(base::monotonic_ms()) {}

  /// True: with helpers the chain is good. Else url() may say where one more could be, and `about`
  /// has the error that was met last.
  bool run() {
    const X509_STORE_CTX* last = about_;
    for (int round = 0; round < kMostRounds && lacks_issuer(last); ++round) {
      X509* const stuck = X509_STORE_CTX_get_current_cert(last);
      if (!stuck || !add_issuers_of(stuck)) break;
      ContextPtr next = verify_again();
      if (!next) return false;
      again_ = std::move(next);
      last = again_.get();
    }
    if (!again_) return false;
    const int error = X509_STORE_CTX_get_error(again_.get());
    X509_STORE_CTX_set_error(about_, error);
    if (error != X509_V_OK) return false;
    X509_STORE_CTX_set0_verified_chain(about_, X509_STORE_CTX_get1_chain(again_.get()));
    return true;
  }
  const std::string& url() const { return url_; }
  /// The certificate that the last error is about.
  const X509* refused() const {
    return X509_STORE_CTX_get_current_cert(again_ ? again_.get() : about_);
  }

 private:
  bool add_issuers_of(X509* stuck) {
    url_.clear();
    bool more = add(trust_.issuers().seen.issuers_of(stuck), stuck);
    for (const std::string& url : issuer_urls(stuck)) {
      if (auto found = trust_.issuers().fetched.at(url, now_ms_))
        more |= add(std::move(*found), stuck);
      else if (url_.empty() && std::ranges::find(tried_, url) == tried_.end())
        url_ = url;
    }
    return more;
  }
  bool add(std::vector<CertificatePtr> found, X509* stuck) {
    bool more = false;
    for (CertificatePtr& each : found) {
      const auto same = [&](const CertificatePtr& other) {
        return X509_cmp(other.get(), each.get()) == 0;
      };
      if (helpers_.size() == kMostHelpers || std::ranges::any_of(helpers_, same)) continue;
      more |= X509_check_issued(each.get(), stuck) == X509_V_OK;
      helpers_.push_back(std::move(each));
    }
    return more;
  }
  /// With the helpers; null if there is no memory.
  ContextPtr verify_again() {
    const STACK_OF(X509)* const sent = X509_STORE_CTX_get0_untrusted(about_);
    untrusted_.reset(sent ? sk_X509_dup(sent) : sk_X509_new_null());
    ContextPtr next(X509_STORE_CTX_new());
    if (!untrusted_ || !next) return nullptr;
    for (const CertificatePtr& each : helpers_)
      if (sk_X509_push(untrusted_.get(), each.get()) == 0) return nullptr;
    if (X509_STORE_CTX_init(next.get(), trust_.get(), X509_STORE_CTX_get0_cert(about_),
                            untrusted_.get()) != 1)
      return nullptr;
    // Name, purpose, depth, strength of keys: what OpenSSL has set for the connection.
    if (X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(next.get()),
                               X509_STORE_CTX_get0_param(about_)) != 1)
      return nullptr;
    if (X509_verify_cert(next.get()) < 0) return nullptr;
    return next;
  }

  X509_STORE_CTX* const about_;
  const TrustStore& trust_;
  const std::span<const std::string> tried_;
  const uint64_t now_ms_;
  std::vector<CertificatePtr> helpers_;
  std::string url_;
  View untrusted_;
  ContextPtr again_;
};

ChainVerdict bad(int error, const X509* certificate) {
  return {ChainVerdict::What::bad, why_refused(error, certificate)};
}

/// The chain leads to a root.
ChainVerdict accept(X509_STORE_CTX* about, const TrustStore& trust) {
  std::string why = trust.distrust().why_refused(X509_STORE_CTX_get0_chain(about));
  if (!why.empty()) {
    X509_STORE_CTX_set_error(about, X509_V_ERR_CERT_REJECTED);
    return {ChainVerdict::What::bad, std::move(why)};
  }
  trust.issuers().seen.keep(X509_STORE_CTX_get0_chain(about));
  return {ChainVerdict::What::good};
}

}  // namespace

ChainVerdict check_chain(X509_STORE_CTX* about, const TrustStore& trust,
                         std::span<const std::string> tried) {
  if (X509_verify_cert(about) == 1) return accept(about, trust);
  if (!lacks_issuer(about))
    return bad(X509_STORE_CTX_get_error(about), X509_STORE_CTX_get_current_cert(about));
  Completion completion(about, trust, tried);
  if (completion.run()) return accept(about, trust);
  if (lacks_issuer(about) && !completion.url().empty())
    return {ChainVerdict::What::incomplete, completion.url()};
  return bad(X509_STORE_CTX_get_error(about), completion.refused());
}

}  // namespace weir::net
