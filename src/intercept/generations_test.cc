#include "intercept/generations.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "intercept/leaf.h"
#include "intercept/new_authority.h"

namespace weir::intercept {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNow = 1'796'000'000;

struct Kept : testing::Test {
  Kept() {
    char name[] = "/tmp/weir-authority-XXXXXX";
    root = mkdtemp(name);
  }
  ~Kept() override { fs::remove_all(root); }
  std::string text_of(const std::string& name) const {
    std::ifstream file(root + "/ca/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root + "/ca/" + name) << text;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    stat(path.c_str(), &status);
    return status.st_mode & 07777;
  }
  std::string why_not() const {
    auto signs = generations().signing();
    return signs ? *signs ? "there is one" : "there is none" : signs.error();
  }
  Generations generations() const { return Generations(root); }
  std::string root;
};

TEST(NewAuthority, IsWhatClientsAskOfOne) {
  const auto made = new_authority(3, "proxy.example", time(nullptr));
  ASSERT_TRUE(made);
  X509* const certificate = made->certificate();
  EXPECT_EQ(name_of(certificate).rfind("Weir CA proxy.example 20", 0), 0u);
  EXPECT_TRUE(name_of(certificate).ends_with(" #3"));
  EXPECT_EQ(X509_check_ca(certificate), 1);
  EXPECT_EQ(X509_get_pathlen(certificate), 0);
  EXPECT_EQ(X509_get_key_usage(certificate), uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
  EXPECT_TRUE(X509_get0_subject_key_id(certificate));
  EXPECT_EQ(X509_verify(certificate, made->key()), 1);
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(certificate)), 16);
  int days = 0, seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
  EXPECT_GE(days, 3649);
  EXPECT_LE(days, 3652);
  EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(certificate)), 0);
}

TEST(NewAuthority, LongHostsAreCut) {
  const auto made = new_authority(1000, std::string(200, 'h'), kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ(name_of(made->certificate()).size(), 64u);
  EXPECT_TRUE(name_of(made->certificate()).ends_with("#1000"));
}

TEST_F(Kept, ThereIsNoneAtFirst) {
  EXPECT_EQ(why_not(), "there is none");
  EXPECT_TRUE(generations().all()->empty());
  EXPECT_FALSE(fs::exists(root + "/ca"));
}

TEST_F(Kept, TheFirstOne) {
  const auto made = generations().make_first("h", kNow);
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(mode_of(root + "/ca"), 0700u);
  EXPECT_EQ(mode_of(root + "/ca/weir-ca-1.key"), 0600u);
  const auto signs = generations().signing();
  ASSERT_TRUE(signs && *signs);
  EXPECT_EQ(X509_cmp((*signs)->certificate(), (*made)->certificate()), 0);
  EXPECT_EQ(EVP_PKEY_eq((*signs)->key(), (*made)->key()), 1);
  EXPECT_TRUE(Leaves::make(*signs)->leaf_for("a.example", false, {kNow, 0, 0}));
  EXPECT_FALSE(generations().make_first("h", kNow));
}

TEST_F(Kept, TheNextOneSignsWhenItIsAskedTo) {
  EXPECT_FALSE(generations().renew("h", kNow));
  EXPECT_FALSE(generations().switch_over());
  ASSERT_TRUE(generations().make_first("h", kNow));
  EXPECT_FALSE(generations().switch_over());
  EXPECT_EQ(generations().renew("h", kNow), 2u);
  EXPECT_FALSE(generations().renew("h", kNow));
  EXPECT_EQ((*generations().signing())->generation(), 1u);
  const auto before = generations().all();
  ASSERT_EQ(before->size(), 2u);
  EXPECT_TRUE((*before)[0].signs && !(*before)[0].prepared);
  EXPECT_TRUE(!(*before)[1].signs && (*before)[1].prepared);
  EXPECT_NE((*before)[0].name, (*before)[1].name);
  EXPECT_EQ((*before)[0].fingerprint.size(), 95u);
  EXPECT_EQ(generations().switch_over(), 2u);
  EXPECT_EQ((*generations().signing())->generation(), 2u);
  EXPECT_EQ(generations().all()->size(), 2u);
  EXPECT_FALSE((*generations().all())[0].signs);
  EXPECT_EQ(generations().renew("h", kNow), 3u);
}

TEST_F(Kept, KeysThatOthersCanReadAreRefused) {
  ASSERT_TRUE(generations().make_first("h", kNow));
  const std::string key = root + "/ca/weir-ca-1.key";
  for (const mode_t mode : {0640u, 0604u, 0620u, 0610u}) {
    chmod(key.c_str(), mode);
    EXPECT_NE(why_not().find("chmod 600 " + key), std::string::npos) << why_not();
  }
  chmod(key.c_str(), 0400);
  EXPECT_EQ(why_not(), "there is one");
}

TEST_F(Kept, DamageIsTold) {
  ASSERT_TRUE(generations().make_first("h", kNow));
  const std::string key = text_of("weir-ca-1.key"), certificate = text_of("weir-ca-1.pem");
  write("weir-ca-1.key", "nonsense");
  EXPECT_TRUE(why_not().ends_with("weir-ca-1.key has no private key that can be read"));
  fs::remove(root + "/ca/weir-ca-1.key");
  fs::create_symlink("/dev/zero", root + "/ca/weir-ca-1.key");
  EXPECT_NE(why_not(), "there is one");
  fs::remove(root + "/ca/weir-ca-1.key");
  EXPECT_TRUE(why_not().contains("can't be read"));
  write("weir-ca-1.key", key);
  chmod((root + "/ca/weir-ca-1.key").c_str(), 0600);
  EXPECT_EQ(why_not(), "there is one");
  write("weir-ca-1.pem", certificate.substr(0, 100));
  EXPECT_TRUE(why_not().ends_with("weir-ca-1.pem has no certificate that can be read"));
  fs::remove(root + "/ca/weir-ca-1.pem");
  EXPECT_TRUE(why_not().ends_with("weir-ca-1.pem is not there"));
  for (const char* const text : {"", "0\n", "x", "1", "1 \n", "99999\n", "-1\n"}) {
    write("signing", text);
    EXPECT_TRUE(why_not().ends_with("does not say which generation signs")) << text;
  }
}

TEST_F(Kept, AKeyOfAnotherCertificateIsRefused) {
  ASSERT_TRUE(generations().make_first("h", kNow));
  ASSERT_TRUE(generations().renew("h", kNow));
  write("weir-ca-1.key", text_of("weir-ca-2.key"));
  EXPECT_TRUE(why_not().contains("is not the key of")) << why_not();
}

TEST_F(Kept, AnOldOneIsRefused) {
  ASSERT_TRUE(generations().make_first("h", time(nullptr) - 11L * 365 * 86'400));
  EXPECT_TRUE(why_not().contains("has expired")) << why_not();
}

TEST_F(Kept, WhatWasInterruptedIsMadeAnew) {
  // The key was written, and then the machine went down.
  ASSERT_TRUE(generations().make_first("h", kNow));
  fs::remove(root + "/ca/signing");
  fs::remove(root + "/ca/weir-ca-1.pem");
  EXPECT_EQ(why_not(), "there is none");
  ASSERT_TRUE(generations().make_first("h", kNow));
  EXPECT_EQ(why_not(), "there is one");
}

TEST_F(Kept, ErrorsHaveNoBytesOfKeys) {
  ASSERT_TRUE(generations().make_first("h", kNow));
  const std::string key = text_of("weir-ca-1.key");
  ASSERT_GT(key.size(), 100u);
  write("weir-ca-1.pem", key);
  write("signing", key);
  const std::string part = key.substr(40, 30);
  EXPECT_FALSE(why_not().contains(part));
  write("signing", "1\n");
  EXPECT_FALSE(why_not().contains(part));
}

TEST_F(Kept, TwoAtOnceMakeOne) {
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { made += generations().make_first("h", kNow).has_value() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(why_not(), "there is one");
}

}  // namespace
}  // namespace weir::intercept
