// What kind of place an address leads to. Policy decides by this, on binary addresses and never on
// text.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/ip.h"

namespace weir::match {

/// In the order in which an address that could be two of them (a tunnel's, by its prefix and by the
/// IPv4 address in it) is judged: the first of them wins.
enum class AddressClass : uint8_t {
  /// Where clouds hand a machine its own credentials.
  metadata,
  /// 127/8 and ::1; also 0.0.0.0/8 and ::, since connecting to these reaches this machine.
  loopback,
  link_local,
  /// RFC 1918, unique local and (deprecated) site-local addresses.
  private_,
  /// 100.64/10 (RFC 6598): behind a provider's translator; also used by overlay networks.
  cgnat,
  multicast,
  /// Documentation, benchmarks, protocols' own, never assigned: IANA's special-purpose registries.
  reserved,
  public_,
};

/// IPv6 forms that carry an IPv4 address (base/ip.h, embedded_v4_readings) are judged by it.
AddressClass classify(const base::IpAddress& address);

/// An IPv6 address that means nothing but an IPv4 address in it: all such forms but ISATAP, which
/// has a network of its own around it.
bool stands_for_v4_alone(const base::IpAddress& address);

/// For a person: "a loopback address", "a cloud's metadata address".
std::string_view describe(AddressClass address_class);

/// A listener bound to `address` can be reached from this machine alone: 127/8 or ::1. Not 0.0.0.0
/// and ::, which bind everything.
bool binds_this_machine_only(const base::IpAddress& address);

}  // namespace weir::match
