#include "policy/condition.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

struct NoLists final : Lists {
  Holds has(uint32_t, const Facts&, ListHit&) const override { return Holds::no; }
  std::string place_of(const ListHit&) const override { return {}; }
};

Holds asked(const What& what, const char* address) {
  const NoLists lists;
  std::optional<ListHit> hit;
  Condition condition;
  condition.what = what;
  return is_about(condition,
                  {.host = "a.test", .port = 80, .address = base::IpAddress::parse(address)}, lists,
                  hit);
}

TEST(Condition, ANetworkHasEachSpellingOfItsAddresses) {
  const What documentation{.addresses = {*base::Cidr::parse("192.0.2.0/24")}};
  for (const char* address : {
           "192.0.2.1",
           "::ffff:192.0.2.1",           // mapped
           "::ffff:0:192.0.2.1",         // translated
           "::192.0.2.1",                // compatible
           "2002:c000:201::",            // 6to4
           "2001:0:1::3fff:fdfe",        // Teredo, inverted
           "64:ff9b::192.0.2.1",         // NAT64
           "64:ff9b:1:c000:2:100::",     // NAT64 of a network's own, with 48 bits
           "64:ff9b:1:1:2:3:c000:0201",  // and with 96
       })
    EXPECT_EQ(asked(documentation, address), Holds::yes) << address;
  for (const char* address : {"192.0.3.1", "::ffff:192.0.3.1", "2002:c000:301::", "2001:db8::1"})
    EXPECT_EQ(asked(documentation, address), Holds::no) << address;
  // An interface of a network of its own may carry any IPv4 address in its identifier.
  EXPECT_EQ(asked(documentation, "2001:db8::200:5efe:192.0.2.1"), Holds::no);
}

TEST(Condition, ThisMachineHasMoreAddressesThanItsLoopback) {
  const What loopback{.addresses = {*base::Cidr::parse("127.0.0.0/8")}};
  for (const char* address : {"127.0.0.1", "0.0.0.0", "0.1.2.3", "::ffff:0.0.0.0"})
    EXPECT_EQ(asked(loopback, address), Holds::yes) << address;
  EXPECT_EQ(asked(loopback, "::"), Holds::no);
  const What loopback6{.addresses = {*base::Cidr::parse("::1/128")}};
  EXPECT_EQ(asked(loopback6, "::"), Holds::yes);
  EXPECT_EQ(asked(loopback6, "0.0.0.0"), Holds::no);
  EXPECT_EQ(asked({.addresses = {*base::Cidr::parse("10.0.0.0/8")}}, "0.0.0.0"), Holds::no);
}

}  // namespace
}  // namespace weir::policy
