#include "match/country_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#endif

#include <filesystem>
#include <fstream>
#include <random>

#include "match/country_file_fake.h"

namespace weir::match {
namespace {

using base::IpAddress;
using Fake = FakeCountryFile;

class CountryFileTest : public testing::Test {
 protected:
  CountryFileTest() {
    std::string folder = testing::TempDir() + "countries.XXXXXX";
    folder_ = mkdtemp(folder.data());
  }
  ~CountryFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/country.mmdb"; }
  std::string write(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
    return path();
  }
  std::unique_ptr<const CountryFile> open(const Fake& fake) const {
    auto file = CountryFile::open(write(fake.bytes()));
    EXPECT_TRUE(file) << file.error().detail();
    return file ? *std::move(file) : nullptr;
  }
  std::string why_not(const std::string& bytes) const {
    const auto file = CountryFile::open(write(bytes));
    return file ? "it was opened" : std::string(file.error().detail());
  }

  std::string folder_;
};

std::string country(const CountryFile& file, const char* address) {
  return std::string(file.country(IpAddress::parse(address).value()));
}

Fake some_countries() {
  Fake fake;
  fake.add("192.0.2.0/24", Fake::country("CH"));
  fake.add("192.0.2.128/25", Fake::country("AT"));
  fake.add("198.51.100.7/32", Fake::country("KP"));
  fake.add("2001:db8::/32", Fake::country("DE"));
  fake.add("2001:db8:1::/48", Fake::country("FR"));
  return fake;
}

TEST_F(CountryFileTest, EachAddressHasTheCountryOfItsNetwork) {
  for (const unsigned record_size : {24u, 28u, 32u}) {
    Fake fake = some_countries();
    fake.record_size = record_size;
    const auto file = open(fake);
    ASSERT_TRUE(file);
    const struct {
      const char *address, *country;
    } cases[] = {
        {"192.0.2.1", "CH"},
        {"192.0.2.127", "CH"},
        {"192.0.2.128", "AT"},
        {"192.0.2.255", "AT"},
        {"192.0.3.0", ""},
        {"198.51.100.7", "KP"},
        {"198.51.100.8", ""},
        {"0.0.0.0", ""},
        {"255.255.255.255", ""},
        {"127.0.0.1", ""},
        {"2001:db8::1", "DE"},
        {"2001:db8:1::1", "FR"},
        {"2001:db8:2::", "DE"},
        {"2001:db9::", ""},
        {"::1", ""},
        {"::", ""},
        {"fe80::1", ""},
    };
    for (const auto& c : cases)
      EXPECT_EQ(country(*file, c.address), c.country) << c.address << ' ' << record_size;
  }
}

TEST_F(CountryFileTest, AnIpv4AddressHasItsCountryInEveryForm) {
  const auto file = open(some_countries());
  ASSERT_TRUE(file);
  const struct {
    const char *address, *country;
  } cases[] = {
      {"::ffff:198.51.100.7", "KP"},
      {"::198.51.100.7", "KP"},
      {"::ffff:0:198.51.100.7", "KP"},
      {"64:ff9b::198.51.100.7", "KP"},
      {"64:ff9b:1:c633:64:700::", "KP"},
      {"2002:c633:6407::1", "KP"},
      // The client's address of Teredo stands there inverted.
      {"2001:0:1::39cc:9bf8", "KP"},
      {"64:ff9b::10.0.0.1", ""},
      // The network of the address says where it is, not what its host calls itself.
      {"2001:db8::5efe:198.51.100.7", "DE"},
  };
  for (const auto& c : cases) EXPECT_EQ(country(*file, c.address), c.country) << c.address;
}

TEST_F(CountryFileTest, TheCodeStandsWhereDatabasesHaveIt) {
  const auto text = [](const char* code) { return Fake::text(code); };
  const auto iso = [&](const char* code) { return Fake::map({{"iso_code", text(code)}}); };
  Fake fake;
  fake.add("10.0.0.0/16", Fake::map({{"registered_country", iso("SE")}, {"country", iso("NO")}}));
  fake.add("10.1.0.0/16", Fake::map({{"registered_country", iso("SE")}}));
  fake.add("10.2.0.0/16", Fake::map({{"country_code", text("FI")}}));
  fake.add("10.3.0.0/16", Fake::map({{"country", text("Denmark")}, {"country_code", text("DK")}}));
  fake.add("10.4.0.0/16", Fake::map({{"country", iso("-")}}));
  fake.add("10.5.0.0/16", Fake::map({{"country", iso("se")}}));
  fake.add("10.6.0.0/16", Fake::map({{"country", Fake::map({{"iso_code", Fake::number(5, 7)}})}}));
  fake.add("10.7.0.0/16",
           Fake::map({{"country", Fake::map({{"geoname_id", Fake::number(6, 7)}})}}));
  fake.add("10.8.0.0/16", text("IS"));
  fake.add("10.9.0.0/16", Fake::map({}));
  const auto file = open(fake);
  ASSERT_TRUE(file);
  const char* const countries[] = {"NO", "SE", "FI", "DK", "", "", "", "", "", ""};
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(file->country(IpAddress::v4(10, static_cast<uint8_t>(i), 0, 1)), countries[i]) << i;
}

TEST_F(CountryFileTest, WhatIsNoDatabaseOfCountriesIsRefused) {
  Fake networks;
  networks.type = "GeoLite2-ASN";
  networks.add("192.0.2.0/24", Fake::map({{"autonomous_system_number", Fake::number(6, 64496)}}));
  EXPECT_EQ(why_not(networks.bytes()), "it tells no countries: it is of the type GeoLite2-ASN");
  EXPECT_EQ(why_not(Fake().bytes()), "it has no IPv4 addresses, and a database for both is meant");
  Fake wide;
  wide.add("2001:db8::/32", Fake::country("CH"));
  EXPECT_EQ(why_not(wide.bytes()), "it has no IPv4 addresses, and a database for both is meant");
  Fake narrow;
  narrow.ip_version = 4;
  narrow.add("192.0.2.0/24", Fake::country("CH"));
  EXPECT_EQ(why_not(narrow.bytes()), "it has no IPv6 addresses, and a database for both is meant");

  const std::string no_database = "it is no MaxMind database, or a part of one: ";
  EXPECT_TRUE(why_not("").starts_with("it is no MaxMind database"));
  EXPECT_TRUE(why_not("<html>Please log in.</html>").starts_with(no_database));
  const std::string whole = some_countries().bytes();
  EXPECT_TRUE(why_not(whole.substr(0, whole.size() / 2)).starts_with(no_database));
  EXPECT_TRUE(why_not(whole.substr(whole.size() / 4)).starts_with("it is"));
  std::string damaged = whole;
  damaged.replace(0, 4, 4, '\xff');  // The first node leads out of the file.
  EXPECT_TRUE(why_not(damaged).starts_with("it is damaged: ")) << why_not(damaged);
}

TEST_F(CountryFileTest, ADatabaseOfCitiesIsRefusedBeforeItTakesTheMemory) {
  Fake cities;
  cities.record_size = 32;
  for (uint32_t i = 0; i <= CountryFile::kMostRecords; ++i) {
    const IpAddress address =
        IpAddress::v4(static_cast<uint8_t>(1 + (i >> 16)), static_cast<uint8_t>(i >> 8),
                      static_cast<uint8_t>(i), 0);
    cities.add(address.text() + "/24", Fake::map({{"country_code", Fake::text("CH")}}));
  }
  EXPECT_TRUE(why_not(cities.bytes()).starts_with("it has more than 200,000 different records"));
}

TEST_F(CountryFileTest, WhatCannotBeReadIsRefused) {
  const auto why = [](const std::string& path) {
    const auto file = CountryFile::open(path);
    return file ? std::string("it was opened") : std::string(file.error().detail());
  };
  EXPECT_EQ(why(path()), "it cannot be read: No such file or directory");
  EXPECT_EQ(why(folder_), "it is no ordinary file");
  EXPECT_EQ(why("/dev/zero"), "it is no ordinary file");
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(why(path()), "it is no ordinary file");
  unlink(path().c_str());
  write("");
  ASSERT_EQ(truncate(path().c_str(), CountryFile::kLargest + 1), 0);
  EXPECT_TRUE(why(path()).starts_with("it is larger than 128 MiB"));
}

/// An updater that writes in place would take the pages of a mapping away.
TEST_F(CountryFileTest, TheFileMayBeShortenedReplacedOrRemoved) {
  const auto file = open(some_countries());
  ASSERT_TRUE(file);
  ASSERT_EQ(truncate(path().c_str(), 0), 0);
  EXPECT_EQ(country(*file, "192.0.2.1"), "CH");
  Fake other;
  other.add("192.0.2.0/24", Fake::country("IT"));
  const auto second = open(other);
  ASSERT_TRUE(second);
  unlink(path().c_str());
  EXPECT_EQ(country(*file, "192.0.2.1"), "CH");
  EXPECT_EQ(country(*second, "192.0.2.1"), "IT");
}

/// Whatever byte is damaged: the file is refused, or answers something.
TEST_F(CountryFileTest, DamageAnywhereEndsNothing) {
  Fake small;
  small.add("128.0.0.0/1", Fake::country("CH"));
  small.add("8000::/1", Fake::country("DE"));
  const std::string whole = small.bytes();
#if __has_feature(address_sanitizer)
  // libmaxminddb 1.7 forgets some memory where it refuses a damaged description.
  const __lsan::ScopedDisabler leaks_are_not_ours;
#endif
  std::mt19937 random(1);
  int opened = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    switch (at % 4) {
      case 0: bytes.resize(at); break;
      case 1: bytes[at] = static_cast<char>(random()); break;
      default: bytes[at] = '\xff';
    }
    const auto file = CountryFile::open(write(bytes));
    if (!file) continue;
    ++opened;
    for (const char* address : {"128.0.0.1", "1.2.3.4", "4000::1", "8000::1", "ffff::"})
      EXPECT_LE(country(**file, address).size(), 2u);
  }
  EXPECT_GT(opened, 100);
}

}  // namespace
}  // namespace weir::match
