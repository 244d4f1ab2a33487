#include "match/address_class.h"

#include <gtest/gtest.h>

namespace weir::match {
namespace {

using enum AddressClass;

TEST(AddressClass, EveryRangeAtItsEdges) {
  const struct {
    const char* address;
    AddressClass expected;
  } cases[] = {
      {"0.0.0.0", loopback},
      {"0.255.255.255", loopback},
      {"1.0.0.0", public_},
      {"126.255.255.255", public_},
      {"127.0.0.1", loopback},
      {"127.255.255.255", loopback},
      {"128.0.0.0", public_},
      {"9.255.255.255", public_},
      {"10.0.0.0", private_},
      {"10.255.255.255", private_},
      {"11.0.0.0", public_},
      {"172.15.255.255", public_},
      {"172.16.0.0", private_},
      {"172.31.255.255", private_},
      {"172.32.0.0", public_},
      {"192.168.0.0", private_},
      {"192.168.255.255", private_},
      {"192.167.255.255", public_},
      {"192.169.0.0", public_},
      {"100.63.255.255", public_},
      {"100.64.0.0", cgnat},
      {"100.127.255.255", cgnat},
      {"100.128.0.0", public_},
      {"169.253.255.255", public_},
      {"169.254.0.0", link_local},
      {"169.254.255.255", link_local},
      {"169.255.0.0", public_},
      {"192.0.0.0", reserved},
      {"192.0.0.255", reserved},
      {"192.0.1.0", public_},
      {"192.0.2.1", reserved},
      {"192.0.3.0", public_},
      {"192.88.99.1", reserved},
      {"198.17.255.255", public_},
      {"198.18.0.0", reserved},
      {"198.19.255.255", reserved},
      {"198.20.0.0", public_},
      {"198.51.100.7", reserved},
      {"203.0.113.7", reserved},
      {"223.255.255.255", public_},
      {"224.0.0.1", multicast},
      {"239.255.255.255", multicast},
      {"240.0.0.0", reserved},
      {"255.255.255.255", reserved},
      {"8.8.8.8", public_},
      {"169.254.169.254", metadata},
      {"169.254.170.2", metadata},
      {"169.254.170.23", metadata},
      {"169.254.42.42", metadata},
      {"169.254.0.23", metadata},
      {"100.100.100.200", metadata},
      {"168.63.129.16", metadata},
      {"192.0.0.192", metadata},
      {"168.63.129.17", public_},
      {"169.254.169.253", link_local},
      {"100.100.100.201", cgnat},

      {"::", loopback},
      {"::1", loopback},
      {"::2", loopback},  // contains 0.0.0.2
      {"fe80::1", link_local},
      {"febf::1", link_local},
      {"fec0::1", private_},
      {"fc00::1", private_},
      {"fdff::1", private_},
      {"fe00::1", reserved},
      {"ff02::1", multicast},
      {"2001:db8::1", reserved},
      {"2001:db9::1", public_},
      {"3fff:fff::1", reserved},
      {"3fff:1000::1", public_},
      {"100::1", reserved},
      {"5f00::1", reserved},
      {"4000::1", reserved},
      {"2001:2::1", reserved},
      {"2001:200::1", public_},
      {"2606:4700::1111", public_},
      {"2a00:1450::1", public_},
      {"64:ff9b:2::1", reserved},
      {"64:ff9b:0:1::1", reserved},
      {"1::", reserved},
      {"fd00:ec2::254", metadata},
      {"fd00:ec2::23", metadata},
      {"fd20:ce::254", metadata},
      {"fd00:c1::a9fe:a9fe", metadata},
      {"fd00:42::42", metadata},
      {"fd00:a9fe:a9fe::1", metadata},
      {"fd00:100::100:200", metadata},
      {"fe80::a9fe:a9fe", metadata},
      {"fd00:ec2::253", private_},

      // Judged by the IPv4 address that they contain.
      {"::ffff:127.0.0.1", loopback},
      {"::ffff:0.0.0.0", loopback},
      {"::ffff:10.1.2.3", private_},
      {"::ffff:8.8.8.8", public_},
      {"::ffff:a9fe:a9fe", metadata},
      {"::ffff:0:192.168.1.1", private_},
      {"::10.0.0.1", private_},
      {"::8.8.8.8", public_},
      {"2002:7f00:1::", loopback},
      {"2002:808:808::1", public_},
      {"2002:a9fe:a9fe::", metadata},
      {"2002:e000:1::", multicast},
      {"64:ff9b::7f00:1", loopback},
      {"64:ff9b::8.8.8.8", public_},
      {"64:ff9b::a9fe:a9fe", metadata},
      {"64:ff9b::100.64.0.1", cgnat},
      {"64:ff9b:1:a00:0:100::", private_},
      {"64:ff9b:1:a9fe:a9:fe00::", metadata},
      {"64:ff9b:1::10.0.0.1", private_},
      {"64:ff9b:1::8.8.8.8", public_},
      {"64:ff9b:1:abcd::127.0.0.1", loopback},
      {"64:ff9b:1::", loopback},
      {"2001:0:0:0:0:0:80ff:fffe", loopback},
      {"2001:0:1:2:3:4:f7f7:f7f7", public_},
      {"2001:0:1:2:3:4:f5ff:fffe", private_},

      // ISATAP: judged by its network too.
      {"2606:4700::5efe:127.0.0.1", loopback},
      {"2606:4700::5efe:8.8.8.8", public_},
      {"fe80::5efe:8.8.8.8", link_local},
      {"fd00::200:5efe:8.8.8.8", private_},
      {"fe80::5efe:a9fe:a9fe", metadata},
      {"2002:808:808::5efe:10.0.0.1", private_},
  };
  for (const auto& c : cases) {
    const auto address = base::IpAddress::parse(c.address);
    ASSERT_TRUE(address) << c.address;
    EXPECT_EQ(classify(*address), c.expected)
        << c.address << " is taken for " << describe(classify(*address));
  }
}

TEST(AddressClass, WhoReachesAListener) {
  for (const char* own : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(binds_this_machine_only(*base::IpAddress::parse(own))) << own;
  }
  for (const char* open :
       {"0.0.0.0", "::", "::ffff:0.0.0.0", "10.0.0.1", "192.0.2.1", "fe80::1", "2606:4700::1"}) {
    EXPECT_FALSE(binds_this_machine_only(*base::IpAddress::parse(open))) << open;
  }
}

}  // namespace
}  // namespace weir::match
