#include "policy/rules.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::policy {
namespace {

using base::AddressSource;
using base::Endpoint;
using base::ErrorType;
using base::IpAddress;
using enum base::AddressSource;

constexpr AddressSource kSources[] = {literal, localhost, hosts_file, dns};

IpAddress ip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress());
}
Endpoint endpoint(std::string_view text) {
  return *Endpoint::parse(text);
}
std::vector<match::HostPattern> patterns(std::initializer_list<const char*> texts) {
  std::vector<match::HostPattern> out;
  for (const char* text : texts) out.push_back(*match::HostPattern::parse(text));
  return out;
}
std::vector<base::Cidr> networks(std::initializer_list<const char*> texts) {
  std::vector<base::Cidr> out;
  for (const char* text : texts) out.push_back(*base::Cidr::parse(text));
  return out;
}
std::vector<uint16_t> default_ports() {
  return {kDefaultBlockedPorts.begin(), kDefaultBlockedPorts.end()};
}

ListenerRules rules(bool reachable, Config config = {}, OwnAddresses own = {}) {
  return ListenerRules(config, reachable, default_ports(), std::move(own));
}

bool open(const ListenerRules& rules, std::string_view host, AddressSource source,
          std::string_view address, uint16_t port = 80) {
  return check_address(rules, host, source, ip(address), port).has_value();
}

TEST(Rules, EveryAddressOnEveryListenerFromEverySource) {
  // Columns: a listener on loopback, the same with private = "deny", a listener that other machines
  // can reach. "a": allowed from all sources. "n": not if DNS led there. "-": never.
  const struct {
    const char *address, *expected;
  } cases[] = {
      {"8.8.8.8", "aaa"},
      {"1.1.1.1", "aaa"},
      {"93.184.216.34", "aaa"},
      {"11.0.0.1", "aaa"},
      {"172.32.0.1", "aaa"},
      {"192.169.0.1", "aaa"},
      {"100.128.0.1", "aaa"},
      {"2606:4700::1111", "aaa"},
      {"2a00:1450::1", "aaa"},
      {"::ffff:8.8.8.8", "aaa"},
      {"2002:808:808::1", "aaa"},
      {"64:ff9b::8.8.8.8", "aaa"},
      {"64:ff9b:1::8.8.8.8", "aaa"},
      {"2001:0:1:2:3:4:f7f7:f7f7", "aaa"},
      {"::8.8.8.8", "aaa"},
      {"2606::5efe:8.8.8.8", "aaa"},

      {"127.0.0.1", "nn-"},
      {"127.0.0.2", "nn-"},
      {"127.255.255.255", "nn-"},
      {"0.0.0.0", "nn-"},
      {"0.1.2.3", "nn-"},
      {"::", "nn-"},
      {"::1", "nn-"},
      {"::2", "nn-"},
      {"169.254.0.1", "nn-"},
      {"169.254.169.253", "nn-"},
      {"fe80::1", "nn-"},
      {"febf::1", "nn-"},
      {"::ffff:127.0.0.1", "nn-"},
      {"::ffff:0.0.0.0", "nn-"},
      {"::ffff:169.254.1.1", "nn-"},
      {"::127.0.0.1", "nn-"},
      {"::ffff:0:127.0.0.1", "nn-"},
      {"2002:7f00:1::", "nn-"},
      {"2002:a9fe:101::1", "nn-"},
      {"64:ff9b::127.0.0.1", "nn-"},
      {"64:ff9b:1:7f00:0:100::", "nn-"},
      {"64:ff9b:1::127.0.0.1", "nn-"},
      {"64:ff9b:1:abcd::127.0.0.1", "nn-"},
      {"2001:0:1:2:3:4:80ff:fffe", "nn-"},
      {"2606::5efe:127.0.0.1", "nn-"},
      {"2606::200:5efe:7f00:1", "nn-"},
      {"fe80::5efe:8.8.8.8", "nn-"},

      {"10.0.0.1", "a--"},
      {"10.255.255.255", "a--"},
      {"172.16.0.1", "a--"},
      {"172.31.255.255", "a--"},
      {"192.168.0.1", "a--"},
      {"192.168.255.255", "a--"},
      {"fc00::1", "a--"},
      {"fd12:3456::1", "a--"},
      {"fec0::1", "a--"},
      {"::ffff:10.0.0.1", "a--"},
      {"::192.168.1.1", "a--"},
      {"2002:a00:1::", "a--"},
      {"64:ff9b::192.168.1.1", "a--"},
      {"64:ff9b:1:a00:0:100::", "a--"},
      {"2001:0:1:2:3:4:f5ff:fffe", "a--"},
      {"2606::5efe:10.0.0.1", "a--"},
      {"fd00::5efe:8.8.8.8", "a--"},

      {"100.64.0.1", "a--"},
      {"100.127.255.255", "a--"},
      {"::ffff:100.64.0.1", "a--"},
      {"64:ff9b::100.64.0.1", "a--"},
      {"224.0.0.1", "a--"},
      {"239.1.1.1", "a--"},
      {"ff02::1", "a--"},
      {"2002:e000:1::", "a--"},
      {"192.0.0.1", "a--"},
      {"192.0.2.1", "a--"},
      {"198.18.0.1", "a--"},
      {"198.51.100.1", "a--"},
      {"203.0.113.1", "a--"},
      {"240.0.0.1", "a--"},
      {"255.255.255.255", "a--"},
      {"2001:db8::1", "a--"},
      {"100::1", "a--"},
      {"3fff::1", "a--"},
      {"4000::1", "a--"},
      {"::ffff:203.0.113.1", "a--"},

      {"169.254.169.254", "---"},
      {"169.254.170.2", "---"},
      {"169.254.170.23", "---"},
      {"100.100.100.200", "---"},
      {"168.63.129.16", "---"},
      {"192.0.0.192", "---"},
      {"fd00:ec2::254", "---"},
      {"fd20:ce::254", "---"},
      {"fe80::a9fe:a9fe", "---"},
      {"::ffff:169.254.169.254", "---"},
      {"::169.254.169.254", "---"},
      {"2002:a9fe:a9fe::", "---"},
      {"64:ff9b::a9fe:a9fe", "---"},
      {"64:ff9b:1:a9fe:a9:fe00::", "---"},
      {"64:ff9b:1::a9fe:a9fe", "---"},
      {"2001:0:1:2:3:4:5601:5601", "---"},
      {"fe80::5efe:a9fe:a9fe", "---"},
      {"::ffff:168.63.129.16", "---"},
  };
  const ListenerRules listeners[] = {rules(false), rules(false, {.private_allowed = false}),
                                     rules(true), ListenerRules::for_house({}, {}, OwnAddresses())};
  for (const auto& c : cases) {
    for (size_t i = 0; i < std::size(listeners); ++i) {
      for (const AddressSource source : kSources) {
        // Weir's own requests reach what the clients of a reachable listener reach.
        const char letter = c.expected[std::min<size_t>(i, 2)];
        const bool expected = letter == 'a' || (letter == 'n' && source != dns);
        const char* host = source == literal ? c.address : "host.test";
        const auto result = check_address(listeners[i], host, source, ip(c.address), 80);
        EXPECT_EQ(result.has_value(), expected)
            << c.address << " listener " << i << " source " << static_cast<int>(source);
        if (result) continue;
        EXPECT_EQ(result.error().type(), ErrorType::destination_ip_prohibited);
        EXPECT_EQ(result.error().status(), 403);
        EXPECT_FALSE(result.error().rule().empty());
        EXPECT_NE(result.error().detail().find(host), std::string_view::npos);
      }
    }
  }
  EXPECT_GE(std::size(cases), 90u);
}

TEST(Rules, PrivateAllowIsNothingToAReachableListener) {
  EXPECT_FALSE(open(rules(true, {.private_allowed = true}), "10.0.0.1", literal, "10.0.0.1"));
}

TEST(Rules, LocalNamesMayLeadToLoopback) {
  const Config config{.local_names = patterns({"app.test", "*.dev.test"})};
  const ListenerRules own = rules(false, config), reachable = rules(true, config);
  for (const ListenerRules* listener : {&own, &reachable}) {
    EXPECT_TRUE(open(*listener, "app.test", dns, "127.0.0.1"));
    EXPECT_TRUE(open(*listener, "app.test", dns, "::1"));
    EXPECT_TRUE(open(*listener, "a.b.dev.test", dns, "169.254.1.1"));
    EXPECT_FALSE(open(*listener, "dev.test", dns, "127.0.0.1"));
    EXPECT_FALSE(open(*listener, "other.test", dns, "127.0.0.1"));
    EXPECT_FALSE(open(*listener, "app.test", dns, "169.254.169.254"));
  }
  EXPECT_FALSE(open(reachable, "app.test", dns, "10.0.0.1"));
}

TEST(Rules, AllowOpensByNameAndByAddress) {
  const Config config{.private_allowed = false,
                      .allowed_names = patterns({"wiki.lan", "*.office.test", "localhost"}),
                      .allowed_networks = networks({"10.1.0.0/16", "192.168.7.7", "fd12::/64",
                                                    "127.0.0.0/8", "169.254.0.0/16", "fd00::/8"})};
  const ListenerRules reachable = rules(true, config), own = rules(false, config);
  for (const ListenerRules* listener : {&reachable, &own}) {
    EXPECT_TRUE(open(*listener, "wiki.lan", dns, "192.168.1.1"));
    EXPECT_TRUE(open(*listener, "a.office.test", dns, "100.64.0.1"));
    EXPECT_TRUE(open(*listener, "a.office.test", dns, "192.0.2.1"));
    EXPECT_FALSE(open(*listener, "office.test", dns, "192.168.1.1"));
    EXPECT_TRUE(open(*listener, "10.1.2.3", literal, "10.1.2.3"));
    EXPECT_TRUE(open(*listener, "any.test", dns, "10.1.2.3"));
    EXPECT_TRUE(open(*listener, "192.168.7.7", literal, "192.168.7.7"));
    EXPECT_FALSE(open(*listener, "192.168.7.8", literal, "192.168.7.8"));
    EXPECT_TRUE(open(*listener, "x.test", dns, "::ffff:10.1.2.3"));
    EXPECT_TRUE(open(*listener, "x.test", dns, "64:ff9b::10.1.2.3"));
    EXPECT_FALSE(open(*listener, "x.test", dns, "64:ff9b::10.2.2.3"));
    EXPECT_FALSE(open(*listener, "x.test", dns,
                      "fec0::5efe:10.1.2.3"));  // a private network around an allowed address
    EXPECT_TRUE(open(*listener, "fd12::1", literal, "fd12::1"));
    // Metadata addresses stay denied, whatever is allowed.
    EXPECT_FALSE(open(*listener, "169.254.169.254", literal, "169.254.169.254"));
    EXPECT_FALSE(open(*listener, "wiki.lan", dns, "169.254.169.254"));
    EXPECT_FALSE(open(*listener, "wiki.lan", dns, "fd00:ec2::254"));
  }
  // A reachable listener can allow loopback too; a listener on loopback also checks where the
  // address came from.
  EXPECT_TRUE(open(reachable, "localhost", localhost, "127.0.0.1"));
  EXPECT_TRUE(open(reachable, "x.test", dns, "127.0.0.1"));
  EXPECT_TRUE(open(reachable, "wiki.lan", dns, "::1"));
  EXPECT_FALSE(open(own, "x.test", dns, "127.0.0.1"));
  EXPECT_FALSE(open(own, "wiki.lan", dns, "127.0.0.1"));
  EXPECT_TRUE(open(own, "127.0.0.1", literal, "127.0.0.1"));
}

TEST(Rules, OwnAddressesAreNoDestination) {
  std::vector<base::IpAddress> interfaces{ip("192.168.1.5"), ip("2606::5")};
  const auto this_machine = [&](const base::IpAddress& address) {
    return std::ranges::find(interfaces, address.unmapped()) != interfaces.end();
  };
  const OwnAddresses loopback({endpoint("127.0.0.1:9876"), endpoint("[::1]:9876")}, this_machine);
  const OwnAddresses all_v4({endpoint("0.0.0.0:9876")}, this_machine);
  const OwnAddresses all_v6({endpoint("[::]:9876")}, this_machine);
  // An address that the machine got after the listener began.
  EXPECT_FALSE(all_v4.contains(ip("203.0.113.5"), 9876));
  interfaces.push_back(ip("203.0.113.5"));
  const OwnAddresses one({endpoint("203.0.113.5:80")}, {});
  const struct {
    const OwnAddresses* own;
    const char* address;
    uint16_t port;
    bool expected;
  } cases[] = {
      {&loopback, "127.0.0.1", 9876, true},
      {&loopback, "127.0.0.1", 80, false},
      {&loopback, "::1", 9876, true},
      {&loopback, "127.0.0.2", 9876, false},
      {&loopback, "0.0.0.0", 9876, true},
      {&loopback, "0.0.0.7", 9876, true},
      {&loopback, "::", 9876, true},
      {&loopback, "::ffff:127.0.0.1", 9876, true},
      {&loopback, "::ffff:0.0.0.0", 9876, true},
      {&loopback, "2002:7f00:1::", 9876, true},
      {&loopback, "64:ff9b::7f00:1", 9876, true},
      {&loopback, "192.168.1.5", 9876, false},
      {&loopback, "2001:0:1:2:3:4:80ff:fffe", 9876, true},
      {&loopback, "::127.0.0.1", 9876, true},
      {&all_v4, "127.0.0.1", 9876, true},
      {&all_v4, "127.9.9.9", 9876, true},
      {&all_v4, "192.168.1.5", 9876, true},
      {&all_v4, "203.0.113.5", 9876, true},
      {&all_v4, "192.168.1.6", 9876, false},
      {&all_v4, "::ffff:192.168.1.5", 9876, true},
      {&all_v4, "64:ff9b::203.0.113.5", 9876, true},
      {&all_v4, "192.168.1.5", 80, false},
      {&all_v6, "192.168.1.5", 9876, true},
      {&all_v6, "2606::5", 9876, true},
      {&all_v6, "127.0.0.1", 9876, true},
      {&all_v6, "2606::6", 9876, false},
      {&one, "203.0.113.5", 80, true},
      {&one, "127.0.0.1", 80, false},
      {&one, "0.0.0.0", 80, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(c.own->contains(ip(c.address), c.port), c.expected) << c.address << ' ' << c.port;
    // No key allows these.
    const Config config{.local_names = patterns({"x.test"}),
                        .allowed_names = patterns({"x.test"}),
                        .allowed_networks = networks({"0.0.0.0/0", "::/0"})};
    for (const bool reachable : {false, true}) {
      const auto result = check_address(rules(reachable, config, *c.own), "x.test", hosts_file,
                                        ip(c.address), c.port);
      EXPECT_EQ(result.has_value(), !c.expected) << c.address << ' ' << c.port;
      if (!result) EXPECT_EQ(result.error().rule(), "own address");
    }
  }
}

TEST(Rules, RefusalsSayHowToAllow) {
  const struct {
    bool reachable;
    Config config;
    const char* host;
    AddressSource source;
    const char *address, *rule, *remedy, *detail;
  } cases[] = {
      {false,
       {},
       "evil.test",
       dns,
       "127.0.0.1",
       "local_names",
       "local_names = [\"evil.test\"]",
       "evil.test leads to 127.0.0.1, which is a loopback address; it is DNS that says so"},
      {false,
       {.private_allowed = false},
       "nas.lan",
       dns,
       "192.168.1.2",
       "private",
       "allow = [\"nas.lan\"]",
       "nas.lan leads to 192.168.1.2, which is a private address"},
      {true,
       {},
       "10.0.0.1",
       literal,
       "10.0.0.1",
       "allow",
       "allow = [\"10.0.0.1\"]",
       "10.0.0.1 is a private address, and other machines can reach this listener"},
      {true, {}, "::1", literal, "::1", "allow", "allow = [\"::1\"]", "::1 is a loopback address"},
      {true, {}, "a\"b", dns, "10.0.0.1", "allow", "allow = [\"10.0.0.1\"]", "leads to"},
      {true, {}, "*.x", dns, "10.0.0.1", "allow", "allow = [\"10.0.0.1\"]", "leads to"},
      {false,
       {},
       "x.test",
       dns,
       "169.254.169.254",
       "metadata address",
       "",
       "a cloud's metadata address"},
  };
  for (const auto& c : cases) {
    const auto result =
        check_address(rules(c.reachable, c.config), c.host, c.source, ip(c.address), 80);
    ASSERT_FALSE(result) << c.host;
    EXPECT_EQ(result.error().rule(), c.rule);
    EXPECT_NE(result.error().detail().find(c.detail), std::string_view::npos)
        << result.error().detail();
    const std::string_view remedy = result.error().remedy();
    EXPECT_EQ(remedy.empty(), *c.remedy == '\0');
    EXPECT_TRUE(remedy.ends_with(c.remedy)) << remedy;
  }
}

TEST(Rules, WhatARemedySaysOpensTheWay) {
  for (const char* address : {"10.0.0.1", "127.0.0.1", "::1", "fe80::1", "::ffff:10.0.0.1",
                              "2002:a00:1::", "192.0.2.1", "fd00::1"}) {
    const auto refused = check_address(rules(true), address, literal, ip(address), 80);
    ASSERT_FALSE(refused);
    const std::string_view remedy = refused.error().remedy();
    const size_t from = remedy.find('"') + 1;
    const Config config{
        .allowed_networks = {*base::Cidr::parse(remedy.substr(from, remedy.rfind('"') - from))}};
    EXPECT_TRUE(open(rules(true, config), address, literal, address)) << address;
  }
}

TEST(Rules, Ports) {
  ASSERT_TRUE(std::ranges::is_sorted(kDefaultBlockedPorts));
  ASSERT_EQ(std::ranges::adjacent_find(kDefaultBlockedPorts), kDefaultBlockedPorts.end());
  const ListenerRules listener = rules(false);
  for (const uint16_t port :
       {0,    1,    21,   22,   23,   25,   53,   110,  143,  465,  587,  993,   2049,  2375, 2379,
        3306, 3389, 4190, 5060, 5432, 5900, 6000, 6379, 6667, 6679, 9200, 10080, 11211, 27017}) {
    const auto result = check_port(listener, port);
    ASSERT_FALSE(result) << port;
    EXPECT_EQ(result.error().type(), ErrorType::http_request_denied);
    EXPECT_EQ(result.error().status(), 403);
    EXPECT_EQ(result.error().rule(), "blocked_ports");
    EXPECT_NE(result.error().remedy().find(std::to_string(port)), std::string_view::npos);
  }
  for (const uint16_t port : {80,   443,  591,  3000, 3128, 4000, 4443, 5000, 5173,  8000,
                              8008, 8080, 8081, 8443, 8888, 9000, 9090, 9876, 49152, 65535}) {
    EXPECT_TRUE(check_port(listener, port)) << port;
  }
  EXPECT_TRUE(check_port(ListenerRules({}, false, {}, {}), 25));
  EXPECT_FALSE(check_port(ListenerRules({}, false, {8080, 25}, {}), 8080));
}

TEST(Rules, OfAListenerThatIsGoneKeepWhatWasItsOwn) {
  Config config;
  config.private_allowed = false;
  config.local_names = patterns({"here.test"});
  config.allowed_names = patterns({"wiki.test"});
  config.allowed_networks = networks({"10.1.0.0/16"});
  for (const bool reachable : {false, true}) {
    const ListenerRules last(config, reachable, {25},
                             OwnAddresses({endpoint("10.1.0.1:3128")}, {}));
    const ListenerRules rules(last, {8080, 21}, OwnAddresses({endpoint("10.1.0.2:3129")}, {}));
    EXPECT_EQ(rules.reachable(), reachable);
    EXPECT_FALSE(rules.private_allowed());
    EXPECT_TRUE(open(rules, "here.test", dns, "127.0.0.1"));
    EXPECT_TRUE(open(rules, "wiki.test", dns, "10.9.9.9"));
    EXPECT_TRUE(open(rules, "other.test", dns, "10.1.9.9"));
    EXPECT_FALSE(open(rules, "other.test", dns, "10.9.9.9"));
    EXPECT_TRUE(check_port(rules, 25));
    EXPECT_FALSE(check_port(rules, 21));
    EXPECT_FALSE(check_port(rules, 8080));
    EXPECT_TRUE(open(rules, "10.1.0.1", literal, "10.1.0.1", 3128));
    EXPECT_FALSE(open(rules, "10.1.0.2", literal, "10.1.0.2", 3129));
  }
}

}  // namespace
}  // namespace weir::policy
