#include "match/network_table.h"

#include <gtest/gtest.h>

#include <random>

#include "match/list_fake.h"

namespace weir::match {
namespace {

using Networks = std::vector<const char*>;

/// A table over bytes that are exactly as long as their memory; sources count from 0.
class MadeTable {
 public:
  explicit MadeTable(const std::vector<base::Cidr>& networks) {
    NetworkTableBuilder builder;
    for (uint32_t i = 0; i < networks.size(); ++i) EXPECT_TRUE(builder.add(networks[i], i));
    bytes_ = bytes_by([&](ImageWriter& to) { std::move(builder).write(to); });
    table_ = NetworkTable::over(bytes_);
  }
  explicit MadeTable(const Networks& texts) : MadeTable(parsed(texts)) {}

  /// -1 for none.
  int find(const base::IpAddress& address) const {
    const auto found = table_->find(address);
    return found ? static_cast<int>(*found) : -1;
  }
  int find(const char* address) const { return find(*base::IpAddress::parse(address)); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  static std::vector<base::Cidr> parsed(const Networks& texts) {
    std::vector<base::Cidr> networks;
    for (const char* text : texts) networks.push_back(*base::Cidr::parse(text));
    return networks;
  }
  std::vector<std::byte> bytes_;
  std::optional<NetworkTable> table_;
};

TEST(NetworkTable, FindsTheSmallestNetwork) {
  const MadeTable table(Networks{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.0.0/16",
                                 "192.0.2.0/24", "255.255.255.0/24", "255.255.255.255",
                                 "2001:db8::/32", "2001:db8:1::/48", "ffff::/16"});
  const struct {
    const char* address;
    int source;
  } cases[] = {
      {"9.255.255.255", -1},
      {"10.0.0.0", 0},
      {"10.0.255.255", 0},
      {"10.1.0.0", 1},
      {"10.1.2.2", 1},
      {"10.1.2.3", 2},
      {"10.1.2.4", 1},
      {"10.2.0.0", 0},
      {"11.0.0.0", -1},
      {"192.0.2.255", 4},
      {"255.255.255.254", 5},
      {"255.255.255.255", 6},
      {"0.0.0.0", -1},
      {"2001:db8::1", 7},
      {"2001:db8:1::1", 8},
      {"2001:db8:2::", 7},
      {"2001:db9::", -1},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9},
      {"::", -1},
      // These stand for an IPv4 address alone.
      {"::ffff:10.1.2.3", 2},
      {"64:ff9b::a01:203", 2},
      {"2002:a01:203::1", 2},
      {"::ffff:9.9.9.9", -1},
      // ISATAP's prefix is a network of its own.
      {"2001:db8::200:5efe:10.1.2.3", 7},
      {"2001:db9::200:5efe:10.1.2.3", -1},
  };
  for (const auto& c : cases) EXPECT_EQ(table.find(c.address), c.source) << c.address;
}

TEST(NetworkTable, WholeFamilies) {
  const MadeTable table(Networks{"0.0.0.0/0", "128.0.0.0/1", "::/0", "8000::/1"});
  EXPECT_EQ(table.find("0.0.0.0"), 0);
  EXPECT_EQ(table.find("127.255.255.255"), 0);
  EXPECT_EQ(table.find("255.255.255.255"), 1);
  EXPECT_EQ(table.find("::"), 2);
  EXPECT_EQ(table.find("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 3);
  EXPECT_EQ(MadeTable(Networks{}).find("0.0.0.0"), -1);
}

TEST(NetworkTable, HasALimit) {
  NetworkTableBuilder builder(2);
  for (const char* network : {"192.0.2.7", "2001:db8::/32"})
    EXPECT_TRUE(builder.add(*base::Cidr::parse(network), 0));
  EXPECT_FALSE(builder.add(*base::Cidr::parse("192.0.2.7"), 0));
}

TEST(NetworkTable, AgreesWithAskingEachNetwork) {
  std::mt19937 random(7);
  // Few different bits, so that networks contain each other.
  const auto address = [&] {
    if (random() % 2 == 0) {
      return base::IpAddress::v4(random() % 2 * 255, random() % 4, random() % 2, random() % 256);
    }
    std::array<uint8_t, 16> bytes{};
    for (const size_t i : {0, 1, 15}) bytes[i] = static_cast<uint8_t>(random() % 3 + 0x7f);
    return base::IpAddress::v6(bytes);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<base::Cidr> networks;
    for (size_t i = random() % 40; i > 0; --i) {
      const base::IpAddress base = address();
      networks.emplace_back(base, random() % (base.size() * 8 + 1));
    }
    const MadeTable table(networks);
    for (int asked = 0; asked < 200; ++asked) {
      const base::IpAddress wanted = address();
      int best = -1;
      for (size_t i = 0; i < networks.size(); ++i) {
        if (!networks[i].contains(wanted)) continue;
        if (best < 0 || networks[i].prefix() > networks[static_cast<size_t>(best)].prefix())
          best = static_cast<int>(i);
      }
      ASSERT_EQ(table.find(wanted), best) << wanted.text();
    }
  }
}

TEST(NetworkTable, BytesOfAnotherLengthAreRefused) {
  const MadeTable table(Networks{"192.0.2.0/24", "2001:db8::/32"});
  for (size_t length = 0; length < table.bytes().size(); ++length)
    EXPECT_FALSE(NetworkTable::over(std::span(table.bytes()).first(length)));
}

}  // namespace
}  // namespace weir::match
