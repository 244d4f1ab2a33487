// Classes of IP addresses, by what they lead to. Policy decides by the class of a binary address,
// never by text.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/ip.h"

namespace weir::match {

/// In order of precedence: an address that belongs to two classes (a tunnel's, by its prefix and by
/// the IPv4 address in it) gets the one that is listed first.
enum class AddressClass : uint8_t {
  /// Where a cloud gives a machine its credentials.
  metadata,
  /// 127/8 and ::1; also 0.0.0.0/8 and ::, since connecting to these reaches this machine.
  loopback,
  link_local,
  /// RFC 1918, unique local and (deprecated) site-local addresses.
  private_,
  /// 100.64/10 (RFC 6598): behind a provider's translator; also used by overlay networks.
  cgnat,
  multicast,
  /// Documentation, benchmarks, protocol assignments, unassigned: IANA's special-purpose
  /// registries.
  reserved,
  public_,
};

/// IPv6 forms that carry an IPv4 address (base/ip.h, embedded_v4_readings) are classified by it.
AddressClass classify(const base::IpAddress& address);

/// A network of IPv4 addresses that is written as one of mapped addresses (::ffff:10.0.0.0/104) as
/// one of IPv4; any other as it is.
base::Cidr plain(const base::Cidr& network);

/// True for an IPv6 address that only stands for the IPv4 address in it: all such forms except
/// ISATAP, whose prefix is a network of its own.
bool stands_for_v4_alone(const base::IpAddress& address);

/// For a person: "a loopback address", "a cloud's metadata address".
std::string_view describe(AddressClass address_class);

/// True if a listener bound to `address` can be reached only from this machine: 127/8 or ::1. False
/// for 0.0.0.0 and ::, which bind every address.
bool binds_this_machine_only(const base::IpAddress& address);

}  // namespace weir::match
