// IP addresses as binary values: the same object is parsed, compared, classified and connected to,
// never a text that a second parser might read differently.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::base {

enum class IpFamily : uint8_t { v4, v6 };

/// How a request's host was resolved to an address. Policy trusts DNS less than the other sources
/// (rebinding).
enum class AddressSource : uint8_t { literal, localhost, hosts_file, dns };

/// An IPv4 or IPv6 address; 0.0.0.0 until set. Carries no zone: Weir accepts none.
class IpAddress {
 public:
  IpAddress() = default;
  static IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  static IpAddress v6(const std::array<uint8_t, 16>& bytes);
  /// Strict: four decimal numbers without leading zeros (no octal, hexadecimal or short forms), or
  /// the IPv6 forms of RFC 4291, section 2.2. No brackets, no zone, no spaces.
  static std::optional<IpAddress> parse(std::string_view text);
  /// The address of an AF_INET or AF_INET6 socket address, as it is: an IPv4-mapped one stays IPv6
  /// (see unmapped).
  static std::optional<IpAddress> from(const sockaddr* address);

  IpFamily family() const { return family_; }
  bool is_v4() const { return family_ == IpFamily::v4; }
  /// In network byte order. IPv4 uses the first 4; the others are then zero.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  /// 4 or 16.
  size_t size() const { return is_v4() ? 4 : 16; }
  /// 0.0.0.0 or ::, which for a listener means every address of the machine.
  bool is_unspecified() const { return bytes_ == std::array<uint8_t, 16>{}; }
  /// The IPv4 address in ::ffff:a.b.c.d, the form in which a dual-stack socket reports it; any
  /// other address unchanged.
  IpAddress unmapped() const;
  /// In the form of RFC 5952, without brackets.
  std::string text() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, 16> bytes_{};
  IpFamily family_ = IpFamily::v4;
};

/// The IPv4 addresses that an IPv6 address may stand for, at most kMost; none for IPv4 and ordinary
/// IPv6 addresses.
struct EmbeddedV4 {
  static constexpr size_t kMost = 6;
  std::array<IpAddress, kMost> addresses;
  size_t count = 0;
  const IpAddress* begin() const { return addresses.data(); }
  const IpAddress* end() const { return addresses.data() + count; }
  bool empty() const { return count == 0; }
};

/// Every reading of `address` as an embedding: IPv4-mapped (::ffff:0:0/96), -translated
/// (::ffff:0:0:0/96), -compatible (::/96, but not :: and ::1), 6to4 (2002::/16), NAT64
/// (64:ff9b::/96; 64:ff9b:1::/48 in each layout of RFC 6052 that fits into it, since a network
/// chooses its own prefix length there; readings in 0.0.0.0/8, which no translator forwards, only
/// if there is no other), Teredo (2001::/32, the client's address), ISATAP (interface identifiers
/// 0:5efe:a.b.c.d and 200:5efe:a.b.c.d).
EmbeddedV4 embedded_v4_readings(const IpAddress& address);
/// The first of these readings. For 64:ff9b:1::/48 it is the /48 layout's, unless that is in
/// 0.0.0.0/8 and another layout's is not.
std::optional<IpAddress> embedded_v4(const IpAddress& address);

/// An address and a TCP or UDP port.
struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  /// `127.0.0.1:80` or `[::1]:80`; the port is required: decimal without leading zeros, 0 to 65535.
  static std::optional<Endpoint> parse(std::string_view text);
  static std::optional<Endpoint> from(const sockaddr* address);
  /// Fills `out` and returns the length that bind and connect want.
  socklen_t to_sockaddr(sockaddr_storage& out) const;
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// A network: `10.0.0.0/8`, `fc00::/7`, or a single address.
class Cidr {
 public:
  Cidr() = default;
  /// Keeps the first `prefix` bits of `address` (at most its size) and clears the others.
  Cidr(const IpAddress& address, unsigned prefix);
  /// The error says in words what is wrong: no address, a prefix out of range, bits set beyond the
  /// prefix.
  static Result<Cidr> parse(std::string_view text);

  /// Families are kept apart: an IPv4 network holds no IPv6 address, mapped or not.
  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  unsigned prefix() const { return prefix_; }
  /// With the prefix length, also for a single address, in the form that parse accepts.
  std::string text() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  IpAddress address_;
  uint8_t prefix_ = 32;
};

}  // namespace weir::base

template <>
struct std::hash<weir::base::IpAddress> {
  size_t operator()(const weir::base::IpAddress& address) const noexcept;
};
template <>
struct std::hash<weir::base::Endpoint> {
  size_t operator()(const weir::base::Endpoint& endpoint) const noexcept {
    return std::hash<weir::base::IpAddress>()(endpoint.address) ^
           (size_t{endpoint.port} * 0x9E3779B97F4A7C15u);
  }
};
