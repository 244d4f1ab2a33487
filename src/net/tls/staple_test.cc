#include "net/tls/staple.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include "net/tls/tls_fake.h"

namespace weir::net {
namespace {

constexpr long kDay = 86'400;

using TimePtr = std::unique_ptr<ASN1_TIME, FreedBy<&ASN1_TIME_free>>;
using Chain =
    std::unique_ptr<STACK_OF(X509),
                    decltype([](STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); })>;

TimePtr in(long seconds) {
  return TimePtr(ASN1_TIME_set(nullptr, time(nullptr) + seconds));
}

/// An authority, a certificate of its own, and its word about that.
class Staple : public testing::Test {
 protected:
  Staple() {
    X509_STORE_add_cert(store_.get(), issuer_.get());
    make_leaf(true);
  }
  void make_leaf(bool needs_staple) {
    CertificatePtr leaf = self_signed(key_.get(), "origin.test");
    ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), 7);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer_.get()));
    if (needs_staple) {
      X509_EXTENSION* const feature =
          X509V3_EXT_conf_nid(nullptr, nullptr, NID_tlsfeature, "status_request");
      X509_add_ext(leaf.get(), feature, -1);
      X509_EXTENSION_free(feature);
    }
    X509_sign(leaf.get(), issuer_key_.get(), EVP_sha256());
    chain_.reset(sk_X509_new_null());
    sk_X509_push(chain_.get(), leaf.release());
    sk_X509_push(chain_.get(), share(issuer_.get()).release());
  }
  std::string staple(int status, long from_s, const ASN1_TIME* until) {
    OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
    OCSP_CERTID* const id =
        OCSP_cert_to_id(EVP_sha256(), sk_X509_value(chain_.get(), 0), issuer_.get());
    const TimePtr from = in(from_s), revoked = in(-5 * kDay);
    OCSP_basic_add1_status(basic, id, status, 0, revoked.get(), from.get(),
                           const_cast<ASN1_TIME*>(until));
    OCSP_basic_sign(basic, issuer_.get(), issuer_key_.get(), EVP_sha256(), nullptr, 0);
    OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &bytes);
    std::string text(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    return text;
  }
  std::string why(const std::string& staple) const {
    return why_refused_by_staple(staple, chain_.get(), store_.get());
  }

  const KeyPtr issuer_key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  const KeyPtr key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  const CertificatePtr issuer_ = self_signed(issuer_key_.get(), "issuer.test");
  const TrustStorePtr store_{X509_STORE_new()};
  Chain chain_;
};

constexpr const char* kOld =
    "must come with its issuer's word that it is still good, and comes with one which is of "
    "another time";

TEST_F(Staple, ItIsGoodForItsTime) {
  EXPECT_TRUE(must_staple(sk_X509_value(chain_.get(), 0)));
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, -kDay, in(kDay).get())), "");
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, -2 * kDay, in(-kDay).get())), kOld);
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, kDay, in(2 * kDay).get())), kOld);
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, -kDay, nullptr)), "");
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, -8 * kDay, nullptr)), kOld);
}

TEST_F(Staple, NoOtherWordIsGood) {
  EXPECT_TRUE(why(staple(V_OCSP_CERTSTATUS_UNKNOWN, -kDay, in(kDay).get()))
                  .ends_with("which says that it is unknown"));
  EXPECT_TRUE(why("nonsense").ends_with("which can't be read"));
  EXPECT_TRUE(why("").ends_with("and comes without"));
  const std::string good = staple(V_OCSP_CERTSTATUS_GOOD, -kDay, in(kDay).get());
  for (size_t size = 0; size < good.size(); size += 7) EXPECT_NE(why(good.substr(0, size)), "");
  std::string changed = good;
  changed[good.size() / 2] ^= 1;
  EXPECT_NE(why(changed), "");
}

TEST_F(Staple, WithoutNeedOnlyRevocationCounts) {
  make_leaf(false);
  EXPECT_FALSE(must_staple(sk_X509_value(chain_.get(), 0)));
  EXPECT_EQ(why(""), "");
  EXPECT_EQ(why("nonsense"), "");
  EXPECT_EQ(why(staple(V_OCSP_CERTSTATUS_GOOD, -2 * kDay, in(-kDay).get())), "");
  EXPECT_TRUE(why(staple(V_OCSP_CERTSTATUS_REVOKED, -kDay, in(kDay).get()))
                  .starts_with("was revoked by its issuer (on 20"));
  EXPECT_TRUE(why(staple(V_OCSP_CERTSTATUS_REVOKED, -9 * kDay, in(-8 * kDay).get()))
                  .starts_with("was revoked by its issuer (on 20"));
}

}  // namespace
}  // namespace weir::net
