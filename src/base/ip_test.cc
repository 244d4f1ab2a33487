#include "base/ip.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace weir::base {
namespace {

static_assert(std::is_trivially_copyable_v<IpAddress> && std::is_trivially_copyable_v<Endpoint>);

IpAddress ip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress());
}

TEST(IpAddress, TextGoesThereAndBack) {
  for (const char* text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.30.249", "::", "::1", "fe80::1",
        "2001:db8::8:800:200c:417a", "::ffff:1.2.3.4", "ff02::fb", "1:2:3:4:5:6:7:8"}) {
    EXPECT_EQ(ip(text).text(), text);
  }
  EXPECT_EQ(ip("2001:DB8:0:0:0:0:0:1").text(), "2001:db8::1");
  EXPECT_EQ(ip("::127.0.0.1"), ip("::7f00:1"));
}

TEST(IpAddress, OnlyTheStrictFormsAreRead) {
  for (const std::string_view bad : {"",
                                     "1",
                                     "127.1",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "1.2.3.",
                                     ".1.2.3",
                                     "1..2.3",
                                     "01.2.3.4",
                                     "1.2.3.04",
                                     "00.0.0.0",
                                     "256.1.1.1",
                                     "1.2.3.-4",
                                     "+1.2.3.4",
                                     " 1.2.3.4",
                                     "1.2.3.4 ",
                                     "0x7f.0.0.1",
                                     "017700000001",
                                     "2130706433",
                                     "1.2.3.4a",
                                     "1.2.3.4\n",
                                     "4294967297.1.1.1",
                                     "[::1]",
                                     "::1%lo",
                                     "fe80::1%25eth0",
                                     ":",
                                     ":::",
                                     "1::2::3",
                                     "12345::",
                                     "g::1",
                                     "::1 ",
                                     " ::1",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "::01.2.3.4",
                                     "::1.2.3",
                                     "::ffff:256.0.0.1",
                                     "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8:9:0"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("::1\0", 4)));
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, FamiliesNeverCompareEqual) {
  EXPECT_NE(ip("0.0.0.0"), ip("::"));
  EXPECT_NE(ip("127.0.0.1"), ip("::ffff:127.0.0.1"));
  EXPECT_EQ(ip("127.0.0.1"), ip("::ffff:127.0.0.1").unmapped());
  EXPECT_EQ(ip("::127.0.0.1"), ip("::127.0.0.1").unmapped());
  std::unordered_set<IpAddress> set{ip("0.0.0.0"), ip("::"), ip("1.2.3.4"), ip("::1.2.3.4"),
                                    ip("1.2.3.4")};
  EXPECT_EQ(set.size(), 4u);
}

TEST(IpAddress, EmbeddedV4) {
  const struct {
    const char *address, *readings;
  } cases[] = {
      {"127.0.0.1", ""},
      {"::", ""},
      {"::1", ""},
      {"2606:4700::1111", ""},
      {"fe80::1", ""},
      {"::2", "0.0.0.2 "},
      {"::7f00:1", "127.0.0.1 "},
      {"::ffff:10.1.2.3", "10.1.2.3 "},
      {"::ffff:0:10.1.2.3", "10.1.2.3 "},
      {"2002:7f00:1::", "127.0.0.1 "},
      {"2002:0a01:0203:4:5:6:7:8", "10.1.2.3 "},
      {"64:ff9b::169.254.169.254", "169.254.169.254 "},
      {"64:ff9b:0:1::1", ""},
      {"64:ff9b:1:7f00:0:100::", "127.0.0.1 "},  // /48
      {"64:ff9b:1:a9fe:a9:fe00::", "169.254.169.254 254.169.254.0 169.254.0.0 "},
      {"64:ff9b:1:7f:0:1::", "127.0.0.1 "},  // /56
      {"64:ff9b:1::7f00:1", "127.0.0.1 "},   // /96
      {"64:ff9b:1:abcd::a00:1", "171.205.0.0 205.0.0.0 10.0.0.1 "},
      {"64:ff9b:1::", "0.0.0.0 "},
      {"2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45 "},
      {"2001:0:1:2:3:4:80ff:fffe", "127.0.0.1 "},
      {"2001:1::7f00:1", ""},
      {"fe80::5efe:10.0.0.1", "10.0.0.1 "},
      {"2606:4700::200:5efe:127.0.0.1", "127.0.0.1 "},
      {"2606:4700::100:5efe:127.0.0.1", ""},
      {"2002:808:808::5efe:127.0.0.1", "8.8.8.8 127.0.0.1 "},
  };
  for (const auto& c : cases) {
    std::string readings;
    for (const IpAddress& v4 : embedded_v4_readings(ip(c.address))) readings += v4.text() + ' ';
    EXPECT_EQ(readings, c.readings) << c.address;
    EXPECT_EQ(embedded_v4(ip(c.address)).has_value(), !readings.empty()) << c.address;
  }
}

TEST(Endpoint, TextAndSocketAddress) {
  for (const char* text : {"127.0.0.1:80", "[::1]:80", "0.0.0.0:0", "[::ffff:1.2.3.4]:65535"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
    sockaddr_storage storage;
    const socklen_t length = endpoint->to_sockaddr(storage);
    EXPECT_EQ(length, endpoint->address.is_v4() ? 16u : 28u);
    EXPECT_EQ(Endpoint::from(reinterpret_cast<const sockaddr*>(&storage)), endpoint);
  }
  for (const char* bad : {"", ":", "127.0.0.1", "127.0.0.1:", ":80", "::1:80", "[::1]",
                          "[::1]:", "[127.0.0.1]:80", "127.0.0.1:65536", "127.0.0.1:080",
                          "127.0.0.1:+1", "127.0.0.1:80 ", "localhost:80", "[::1]x:80", "[]:80"}) {
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
  }
  sockaddr unix_address{};
  unix_address.sa_family = AF_UNIX;
  EXPECT_FALSE(Endpoint::from(&unix_address));
}

TEST(Cidr, Contains) {
  const struct {
    const char *network, *address;
    bool inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"172.16.0.0/12", "172.31.255.255", true},
      {"172.16.0.0/12", "172.32.0.0", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"0.0.0.0/0", "::", false},
      {"::/0", "0.0.0.0", false},
      {"::/0", "ffff::1", true},
      {"fc00::/7", "fdff::1", true},
      {"fc00::/7", "fe00::", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::1", "::1", true},
      {"::1/128", "::2", false},
      {"10.0.0.0/8", "::ffff:10.0.0.1", false},
      {"192.0.2.128/25", "192.0.2.127", false},
  };
  for (const auto& c : cases) {
    const auto network = Cidr::parse(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->contains(ip(c.address)), c.inside) << c.network << ' ' << c.address;
  }
}

TEST(Cidr, MistakesAreNamed) {
  const struct {
    const char *text, *part;
  } cases[] = {
      {"", "no address or network"},
      {"10", "no address or network"},
      {"example.com", "no address or network"},
      {"10.0.0.0/33", "from 0 to 32"},
      {"10.0.0.0/", "from 0 to 32"},
      {"10.0.0.0/-1", "from 0 to 32"},
      {"::/129", "from 0 to 128"},
      {"10.0.0.0/08", "from 0 to 32"},
      {"10.0.0.1/8", "the network is 10.0.0.0/8, the single address 10.0.0.1"},
      {"fd00::1/7", "the network is fc00::/7"},
      {"10.0.0.0/8/8", "from 0 to 32"},
  };
  for (const auto& c : cases) {
    const auto network = Cidr::parse(c.text);
    ASSERT_FALSE(network) << c.text;
    EXPECT_NE(network.error().detail().find(c.part), std::string_view::npos)
        << network.error().detail();
  }
  EXPECT_EQ(Cidr::parse("192.0.2.1")->text(), "192.0.2.1/32");
}

}  // namespace
}  // namespace weir::base
