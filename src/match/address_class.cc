#include "match/address_class.h"

#include <algorithm>
#include <vector>

namespace weir::match {

namespace {

using enum AddressClass;
using base::Cidr;
using base::IpAddress;

struct Row {
  Cidr network;
  AddressClass address_class;
};

std::vector<Row> rows(std::initializer_list<std::pair<const char*, AddressClass>> texts) {
  std::vector<Row> out;
  for (const auto& [text, address_class] : texts)
    out.push_back({*Cidr::parse(text), address_class});
  return out;
}

/// The first row whose network contains an address counts.
const std::vector<Row>& v4_rows() {
  static const std::vector<Row> table = rows({
      {"169.254.169.254", metadata},  // AWS, Azure, Google, Oracle, OpenStack and most others
      {"169.254.170.2", metadata},    // AWS: credentials of containers (ECS)
      {"169.254.170.23", metadata},   // AWS: credentials of pods (EKS)
      {"169.254.42.42", metadata},    // Scaleway
      {"169.254.0.23", metadata},     // Tencent
      {"100.100.100.200", metadata},  // Alibaba
      {"168.63.129.16", metadata},    // Azure's host agent
      {"192.0.0.192", metadata},      // Oracle, the older cloud
      {"0.0.0.0/8", loopback},        {"127.0.0.0/8", loopback},
      {"169.254.0.0/16", link_local}, {"10.0.0.0/8", private_},
      {"172.16.0.0/12", private_},    {"192.168.0.0/16", private_},
      {"100.64.0.0/10", cgnat},       {"224.0.0.0/4", multicast},
      {"192.0.0.0/24", reserved},  // protocol assignments
      {"192.0.2.0/24", reserved},  // documentation, as are the next two of /24
      {"198.51.100.0/24", reserved},  {"203.0.113.0/24", reserved},
      {"192.88.99.0/24", reserved},  // 6to4 relays, given up (RFC 7526)
      {"198.18.0.0/15", reserved},   // benchmarks
      {"240.0.0.0/4", reserved},     // and 255.255.255.255, the broadcast address
      {"0.0.0.0/0", public_},
  });
  return table;
}

const std::vector<Row>& v6_rows() {
  static const std::vector<Row> table = rows({
      {"fd00:ec2::254", metadata},       // AWS
      {"fd00:ec2::23", metadata},        // AWS: credentials of pods (EKS)
      {"fd20:ce::254", metadata},        // Google
      {"fd00:c1::a9fe:a9fe", metadata},  // Oracle
      {"fd00:42::42", metadata},         // Scaleway
      {"fd00:a9fe:a9fe::1", metadata},   // Akamai
      {"fd00:100::100:200", metadata},   // Alibaba
      {"fe80::a9fe:a9fe", metadata},     // OpenStack
      {"::/127", loopback},              // :: and ::1
      {"fe80::/10", link_local},
      {"fc00::/7", private_},
      {"fec0::/10", private_},
      {"ff00::/8", multicast},
      {"2001:db8::/32", reserved},  // documentation
      {"3fff::/20", reserved},      // documentation (RFC 9637)
      {"2001::/23", reserved},      // protocol assignments
      {"2000::/3", public_},
      {"::/0",
       reserved},  // no other block is assigned to machines; 100::/64 and 5f00::/16 are in here
  });
  return table;
}

AddressClass look_up(const std::vector<Row>& table, const IpAddress& address) {
  for (const Row& row : table) {
    if (row.network.contains(address)) return row.address_class;
  }
  return reserved;
}

}  // namespace

base::Cidr plain(const base::Cidr& network) {
  constexpr unsigned kMapped = 96;
  const IpAddress address = network.address().unmapped();
  if (address == network.address() || network.prefix() < kMapped) return network;
  return {address, network.prefix() - kMapped};
}

bool stands_for_v4_alone(const IpAddress& address) {
  static const Cidr kTunnels[] = {*Cidr::parse("::/64"), *Cidr::parse("2002::/16"),
                                  *Cidr::parse("2001::/32"), *Cidr::parse("64:ff9b::/96"),
                                  *Cidr::parse("64:ff9b:1::/48")};
  return base::embedded_v4(address) &&
         std::any_of(std::begin(kTunnels), std::end(kTunnels),
                     [&](const Cidr& tunnel) { return tunnel.contains(address); });
}

AddressClass classify(const IpAddress& address) {
  if (address.is_v4()) return look_up(v4_rows(), address);
  const base::EmbeddedV4 readings = base::embedded_v4_readings(address);
  if (readings.empty()) return look_up(v6_rows(), address);
  AddressClass worst = stands_for_v4_alone(address) ? public_ : look_up(v6_rows(), address);
  for (const IpAddress& reading : readings) worst = std::min(worst, look_up(v4_rows(), reading));
  return worst;
}

std::string_view describe(AddressClass address_class) {
  switch (address_class) {
    case metadata: return "a cloud's metadata address";
    case loopback: return "a loopback address";
    case link_local: return "a link-local address";
    case private_: return "a private address";
    case cgnat: return "an address behind a provider's translator (CGNAT)";
    case multicast: return "a multicast address";
    case reserved: return "a reserved address";
    case public_: return "a public address";
  }
  return "an address";
}

bool binds_this_machine_only(const IpAddress& address) {
  return !address.unmapped().is_unspecified() && classify(address.unmapped()) == loopback;
}

}  // namespace weir::match
