#include <gtest/gtest.h>

#include "net/tls/fetched_issuers.h"
#include "net/tls/intermediates.h"
#include "net/tls/tls_fake.h"

namespace weir::net {
namespace {

using Chain =
    std::unique_ptr<STACK_OF(X509),
                    decltype([](STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); })>;

class Issuers : public testing::Test {
 protected:
  CertificatePtr named(const std::string& name) { return self_signed(key_.get(), name.c_str()); }
  /// As if it stood between two others in a good chain.
  void keep(X509* certificate) {
    const Chain chain(sk_X509_new_null());
    for (int i = 0; i < 3; ++i) {
      X509_up_ref(certificate);
      sk_X509_push(chain.get(), certificate);
    }
    seen_.keep(chain.get());
  }
  static std::string der(const X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    std::string text(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
    return text;
  }

  const KeyPtr key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  Intermediates seen_;
  FetchedIssuers fetched_;
};

TEST_F(Issuers, OnlyWhatStandsBetweenIsKept) {
  const Chain chain(sk_X509_new_null());
  for (const char* name : {"leaf", "between", "root"})
    sk_X509_push(chain.get(), named(name).release());
  seen_.keep(chain.get());
  EXPECT_EQ(seen_.size(), 1u);
  EXPECT_EQ(seen_.issuers_of(sk_X509_value(chain.get(), 1)).size(), 1u);
  EXPECT_TRUE(seen_.issuers_of(sk_X509_value(chain.get(), 0)).empty());
}

TEST_F(Issuers, OneIsKeptOnce) {
  const auto same = named("same");
  for (int i = 0; i < 3; ++i) keep(same.get());
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(Issuers, TheOldestGoFirst) {
  const auto first = named("first"), second = named("second");
  keep(first.get());
  keep(second.get());
  EXPECT_EQ(seen_.issuers_of(first.get()).size(), 1u) << "used again";
  for (size_t i = 0; i < Intermediates::kMost - 1; ++i) keep(named(std::to_string(i)).get());
  EXPECT_EQ(seen_.size(), Intermediates::kMost);
  EXPECT_EQ(seen_.issuers_of(first.get()).size(), 1u);
  EXPECT_TRUE(seen_.issuers_of(second.get()).empty());
}

TEST_F(Issuers, OneNameTakesFewPlaces) {
  for (long i = 0; i < 20; ++i) keep(self_signed(key_.get(), "same", -86'400 - i * 60).get());
  EXPECT_EQ(seen_.size(), Intermediates::kMostOfOneName);
}

TEST_F(Issuers, WhatWasFetchedIsKeptForADayAndNothingForMinutes) {
  std::vector<CertificatePtr> found;
  found.push_back(named("a"));
  fetched_.put("http://a/", std::move(found), 1000);
  fetched_.put("http://none/", {}, 1000);
  EXPECT_EQ(fetched_.at("http://a/", 1000 + FetchedIssuers::kKeptMs - 1)->size(), 1u);
  EXPECT_FALSE(fetched_.at("http://a/", 1000 + FetchedIssuers::kKeptMs));
  EXPECT_TRUE(fetched_.at("http://none/", 2000)->empty());
  EXPECT_FALSE(fetched_.at("http://none/", 1000 + FetchedIssuers::kFailureKeptMs));
  EXPECT_FALSE(fetched_.at("http://b/", 1000));
}

TEST_F(Issuers, NotManyUrlsAreRemembered) {
  for (size_t i = 0; i <= FetchedIssuers::kMost; ++i)
    fetched_.put("http://" + std::to_string(i) + "/", {}, 1000);
  EXPECT_FALSE(fetched_.at("http://0/", 1000));
  EXPECT_TRUE(fetched_.at("http://1/", 1000));
}

TEST_F(Issuers, AnythingElseThanCertificatesIsNone) {
  const std::string one = der(named("a").get());
  EXPECT_EQ(certificates_in(one).size(), 1u);
  for (size_t size = 0; size < one.size(); ++size)
    EXPECT_TRUE(certificates_in(std::string_view(one).substr(0, size)).empty()) << size;
  EXPECT_TRUE(certificates_in("<html>").empty());
  EXPECT_TRUE(
      certificates_in("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").empty());
  EXPECT_TRUE(certificates_in("-----BEGIN PRIVATE KEY-----\nAAAA").empty());
}

TEST_F(Issuers, UrlsAreTakenFromTheCertificate) {
  const auto urls_of = [&](const char* text) {
    auto certificate = named("a");
    X509_EXTENSION* const places = X509V3_EXT_conf_nid(nullptr, nullptr, NID_info_access, text);
    X509_add_ext(certificate.get(), places, -1);
    X509_EXTENSION_free(places);
    return issuer_urls(certificate.get());
  };
  using Urls = std::vector<std::string>;
  EXPECT_EQ(urls_of("OCSP;URI:http://o/,caIssuers;URI:HTTP://a/x.crt"), Urls{"HTTP://a/x.crt"});
  EXPECT_EQ(urls_of("caIssuers;URI:https://a/,caIssuers;URI:ldap://a/,caIssuers;DNS:a"), Urls{});
  EXPECT_EQ(urls_of("caIssuers;URI:http://name:word@a/,caIssuers;URI:http://"), Urls{});
  EXPECT_EQ(urls_of("caIssuers;URI:http://1,caIssuers;URI:http://2,caIssuers;URI:http://3"),
            (Urls{"http://1", "http://2"}));
  EXPECT_EQ(urls_of(("caIssuers;URI:http://" + std::string(1100, 'a')).c_str()), Urls{});
  EXPECT_TRUE(issuer_urls(named("a").get()).empty());
}

}  // namespace
}  // namespace weir::net
