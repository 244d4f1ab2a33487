// Reads the addresses of a name from a DNS message. Pure; the message is untrusted.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/ip.h"
#include "base/ref.h"
#include "http/aliases.h"

namespace weir::net {

/// The result of a look-up.
struct Lookup {
  enum class Outcome : uint8_t {
    ok,
    not_found,  // The name does not exist (NXDOMAIN).
    no_data,    // The name exists, without an address of this family.
    failed,     // The servers refused, failed, were unreachable or sent nonsense.
    timed_out,
    busy,           // Too many look-ups are under way.
    no_descriptor,  // No descriptor was left for the query.
  };
  static constexpr size_t kMostAddresses = 16;

  Outcome outcome = Outcome::failed;
  base::AddressSource source = base::AddressSource::dns;
  uint8_t count = 0;
  std::array<base::IpAddress, kMostAddresses> found;

  /// Null: none.
  base::Ref<const http::Aliases> aliases = {};

  std::span<const base::IpAddress> addresses() const { return {found.data(), count}; }
  /// Ignores an address that is there already, or that would exceed kMostAddresses.
  void add(const base::IpAddress& address);
};
inline Lookup after_exception(const Lookup*) {
  return {};
}

/// A DNS message, read as the answer to one question.
struct DnsAnswer {
  /// Outcome is `ok`, `not_found`, `no_data`, or `failed` if this is no valid answer to the
  /// question.
  Lookup lookup;
  /// The smallest TTL on the way from the question to the addresses; for `not_found` and `no_data`
  /// the smaller of the SOA record's TTL and its MINIMUM (RFC 2308, section 5). Empty if the
  /// message does not say.
  std::optional<uint32_t> ttl_s;
};

/// How many CNAME records are followed, and how many records of a section are read, at most.
inline constexpr int kMostAliases = 8;
inline constexpr int kMostRecords = 256;

/// Reads the addresses of `name` (in any case, no trailing dot). Uses only records that belong to
/// the name, or to the names that its CNAME records lead to, in any order.
DnsAnswer read_dns_answer(std::string_view message, std::string_view name, base::IpFamily family);

}  // namespace weir::net
