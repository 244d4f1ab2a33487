#include "intercept/leaf.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "intercept/authority_fake.h"

namespace weir::intercept {
namespace {

constexpr int64_t kDay = 86'400;

int64_t seconds(const ASN1_TIME* at) {
  std::tm parts{};
  ASN1_TIME_to_tm(at, &parts);
  return timegm(&parts);
}

struct Minting : testing::Test {
  const std::shared_ptr<const Authority> authority = fake_authority();
  const std::shared_ptr<Leaves> leaves = Leaves::make(authority);
  const int64_t now = time(nullptr);
  std::shared_ptr<const Leaf> leaf(std::string_view name, bool literal = false) {
    return leaves->leaf_for(name, literal, {now, 0, 0});
  }
};

TEST_F(Minting, LeavesAreGoodForTheirNameAlone) {
  const auto made = leaf("www.site.example");
  ASSERT_TRUE(made);
  EXPECT_EQ(verified(made->certificate.get(), *authority, "www.site.example"), X509_V_OK);
  EXPECT_EQ(verified(made->certificate.get(), *authority, "site.example"),
            X509_V_ERR_HOSTNAME_MISMATCH);
  const auto other = fake_authority(2);
  EXPECT_NE(verified(made->certificate.get(), *other, "www.site.example"), X509_V_OK);
}

TEST_F(Minting, AddressesAreNamesOfTheirOwnKind) {
  for (const char* const address : {"192.0.2.7", "2001:db8::7"}) {
    const auto made = leaf(address, true);
    ASSERT_TRUE(made) << address;
    EXPECT_EQ(verified(made->certificate.get(), *authority, address, true), X509_V_OK) << address;
  }
  EXPECT_FALSE(leaf("not an address", true));
}

TEST_F(Minting, LongNamesAreInTheAlternativeNameAlone) {
  const std::string label(40, 'a');
  const std::string name = label + '.' + label + ".example";
  const auto made = leaf(name);
  ASSERT_TRUE(made);
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(made->certificate.get())), 0);
  const int at = X509_get_ext_by_NID(made->certificate.get(), NID_subject_alt_name, -1);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(made->certificate.get(), at)), 1);
  EXPECT_EQ(verified(made->certificate.get(), *authority, name), X509_V_OK);
}

TEST_F(Minting, LeavesLiveNoLongerThanTheOriginsCertificate) {
  const auto of = [&](std::string_view name, int64_t from, int64_t to) {
    const auto made = leaves->leaf_for(name, false, {now, now + from, now + to});
    return std::pair(seconds(X509_get0_notBefore(made->certificate.get())) - now,
                     seconds(X509_get0_notAfter(made->certificate.get())) - now);
  };
  EXPECT_EQ(of("a.example", -90 * kDay, 300 * kDay), std::pair(-2 * kDay, 30 * kDay));
  EXPECT_EQ(of("b.example", -kDay, 5 * kDay), std::pair(-kDay, 5 * kDay));
}

TEST_F(Minting, LeavesAreKeptUntilTheyEnd) {
  const auto first = leaf("a.example");
  EXPECT_EQ(leaf("a.example"), first);
  EXPECT_NE(leaf("b.example"), first);
  const auto later = leaves->leaf_for("a.example", false, {now + 30 * kDay - 60, 0, 0});
  EXPECT_NE(later, first);
  EXPECT_EQ(leaves->leaf_for("a.example", false, {now + 30 * kDay, 0, 0}), later);
}

TEST_F(Minting, NumbersDiffer) {
  const auto first = leaf("a.example"), second = leaf("b.example");
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(first->certificate.get()),
                             X509_get0_serialNumber(second->certificate.get())),
            0);
}

TEST_F(Minting, SessionsBelongToANameAndAnAuthority) {
  const auto a = leaf("a.example"), b = leaf("b.example");
  EXPECT_NE(a->sessions, b->sessions);
  const auto other = Leaves::make(fake_authority());
  EXPECT_NE(other->leaf_for("a.example", false, {now, 0, 0})->sessions, a->sessions);
  const auto again = Leaves::make(authority);
  EXPECT_EQ(again->leaf_for("a.example", false, {now, 0, 0})->sessions, a->sessions);
}

TEST_F(Minting, TheTableIsBounded) {
  const auto first = leaf("first.example");
  for (size_t i = 0; i < Leaves::kMost; ++i) leaf(std::to_string(i) + ".example");
  EXPECT_NE(leaf("first.example"), first);
}

}  // namespace
}  // namespace weir::intercept
