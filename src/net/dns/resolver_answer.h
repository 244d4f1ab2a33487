// What a DNS message says of a name's addresses. Pure; reads what anyone may have sent.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/ip.h"

namespace weir::net {

/// What became of a look-up.
struct Lookup {
  enum class Outcome : uint8_t {
    ok,
    not_found,  // There is no such name (NXDOMAIN).
    no_data,    // The name exists, without an address of this family.
    failed,     // The servers refused, failed, could not be reached, or made no sense.
    timed_out,
    busy,           // Too many look-ups are under way.
    no_descriptor,  // There was none to ask by.
  };
  static constexpr size_t kMostAddresses = 16;

  Outcome outcome = Outcome::failed;
  base::AddressSource source = base::AddressSource::dns;
  uint8_t count = 0;
  std::array<base::IpAddress, kMostAddresses> found;

  std::span<const base::IpAddress> addresses() const { return {found.data(), count}; }
  /// Drops what is twice or too many.
  void add(const base::IpAddress& address);
};
inline Lookup after_exception(const Lookup*) {
  return {};
}

/// A message read as the answer to one question.
struct DnsAnswer {
  /// `ok`, `not_found`, `no_data`, or `failed` where it is no sound answer to the question.
  Lookup lookup;
  /// The smallest on the way from the question to the addresses; for `not_found` and `no_data` the
  /// smaller of the SOA record's TTL and its MINIMUM (RFC 2308, section 5). Nothing: it does not
  /// say.
  std::optional<uint32_t> ttl_s;
};

/// At most so many CNAME records are followed, and so many records looked at.
inline constexpr int kMostAliases = 8;
inline constexpr int kMostRecords = 256;

/// Reads the addresses of `name` (lower case or not, no trailing dot): only records that belong to
/// it or to the names that its CNAME records lead to, in whatever order they stand.
DnsAnswer read_dns_answer(std::string_view message, std::string_view name, base::IpFamily family);

}  // namespace weir::net
