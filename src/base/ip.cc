#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <charconv>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace weir::base {

namespace {

using Bytes = std::array<uint8_t, 16>;

bool begins_with(const Bytes& bytes, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

/// A decimal number without sign or leading zeros, at most `largest`.
std::optional<unsigned> parse_plain(std::string_view text, unsigned largest) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  const auto value = parse_decimal<uint32_t>(text);
  if (!value || *value > largest) return std::nullopt;
  return *value;
}

std::optional<IpAddress> parse_v4(std::string_view text) {
  std::array<uint8_t, 4> parts{};
  for (size_t i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto part = parse_plain(text.substr(0, dot), 255);
    if (!part) return std::nullopt;
    parts[i] = static_cast<uint8_t>(*part);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return IpAddress::v4(parts[0], parts[1], parts[2], parts[3]);
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  text.copy(buffer, text.size());
  buffer[text.size()] = '\0';
  Bytes bytes;
  if (inet_pton(AF_INET6, buffer, bytes.data()) != 1) return std::nullopt;
  return IpAddress::v6(bytes);
}

std::unexpected<Error> no_network(std::string detail) {
  return fail(ErrorType::proxy_configuration_error, std::move(detail));
}

}  // namespace

IpAddress IpAddress::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  IpAddress address;
  address.bytes_ = {a, b, c, d};
  return address;
}

IpAddress IpAddress::v6(const Bytes& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  address.family_ = IpFamily::v6;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

std::optional<IpAddress> IpAddress::from(const sockaddr* address) {
  Bytes bytes{};
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    std::memcpy(bytes.data(), &in.sin_addr, 4);
    return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    std::memcpy(bytes.data(), &in.sin6_addr, 16);
    return v6(bytes);
  }
  return std::nullopt;
}

IpAddress IpAddress::unmapped() const {
  if (is_v4() || !begins_with(bytes_, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return *this;
  return v4(bytes_[12], bytes_[13], bytes_[14], bytes_[15]);
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  if (is_v4()) {
    // Formatted by hand for speed: each line of the access log has one or two of these.
    char* at = buffer;
    for (size_t i = 0; i < 4; ++i) {
      if (i > 0) *at++ = '.';
      at = std::to_chars(at, buffer + sizeof buffer, unsigned{bytes_[i]}).ptr;
    }
    return {buffer, at};
  }
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

EmbeddedV4 embedded_v4_readings(const IpAddress& address) {
  EmbeddedV4 found;
  if (address.is_v4()) return found;
  const Bytes& b = address.bytes();
  const auto add = [&](size_t i, size_t j, size_t k, size_t l) {
    found.addresses[found.count++] = IpAddress::v4(b[i], b[j], b[k], b[l]);
  };
  if (begins_with(b, {0, 0, 0, 0, 0, 0, 0, 0})) {
    const bool mapped = begins_with(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
    const bool translated = begins_with(b, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0});
    const bool compatible = begins_with(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    const bool unspecified_or_loopback =
        compatible && b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] <= 1;
    if (mapped || translated || (compatible && !unspecified_or_loopback)) add(12, 13, 14, 15);
  } else if (begins_with(b, {0x20, 0x02})) {
    add(2, 3, 4, 5);
  } else if (begins_with(b, {0x20, 0x01, 0, 0})) {
    // RFC 4380: the client's address, each bit inverted.
    const auto inverted = [&](size_t i) { return static_cast<uint8_t>(~b[i]); };
    found.addresses[found.count++] =
        IpAddress::v4(inverted(12), inverted(13), inverted(14), inverted(15));
  } else if (begins_with(b, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    add(12, 13, 14, 15);
  } else if (begins_with(b, {0x00, 0x64, 0xff, 0x9b, 0, 1})) {
    // Prefixes of 48, 56, 64 and 96 bits; the octet at bit 64 is skipped (RFC 6052, section 2.2).
    static constexpr uint8_t kLayouts[4][4] = {
        {6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}};
    for (const auto& at : kLayouts) {
      if (b[at[0]] != 0) add(at[0], at[1], at[2], at[3]);
    }
    if (found.empty()) add(6, 7, 9, 10);
  }
  if ((b[8] & ~0x02) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe) add(12, 13, 14, 15);
  return found;
}

std::optional<IpAddress> embedded_v4(const IpAddress& address) {
  const EmbeddedV4 found = embedded_v4_readings(address);
  if (found.empty()) return std::nullopt;
  return found.addresses[0];
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_plain(text.substr(colon + 1), 65535);
  if (!address || !port || address->is_v4() == bracketed) return std::nullopt;
  return Endpoint{*address, static_cast<uint16_t>(*port)};
}

std::optional<Endpoint> Endpoint::from(const sockaddr* address) {
  const auto ip = IpAddress::from(address);
  if (!ip) return std::nullopt;
  // The port sits at the same place in both families.
  in_port_t port;
  std::memcpy(&port, reinterpret_cast<const char*>(address) + offsetof(sockaddr_in, sin_port),
              sizeof port);
  return Endpoint{*ip, ntohs(port)};
}

socklen_t Endpoint::to_sockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes().data(), 4);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
  std::memcpy(&out, &in, sizeof in);
  return sizeof in;
}

std::string Endpoint::text() const {
  std::string out = address.is_v4() ? address.text() : '[' + address.text() + ']';
  return out += ':' + std::to_string(port);
}

namespace {
/// The two halves of an address as numbers, of which the higher one has the first bits.
std::array<uint64_t, 2> halves_of(const Bytes& bytes) {
  std::array<uint64_t, 2> halves;
  std::memcpy(halves.data(), bytes.data(), sizeof halves);
  return {be64toh(halves[0]), be64toh(halves[1])};
}

/// The first `prefix` bits of a half.
constexpr uint64_t mask_of(unsigned prefix) {
  if (prefix == 0) return 0;
  return prefix >= 64 ? ~uint64_t{0} : ~uint64_t{0} << (64 - prefix);
}
constexpr std::array<uint64_t, 2> masks_of(unsigned prefix) {
  return {mask_of(prefix), mask_of(prefix > 64 ? prefix - 64 : 0)};
}

IpAddress cut(const IpAddress& address, unsigned prefix) {
  const auto halves = halves_of(address.bytes()), masks = masks_of(prefix);
  const std::array<uint64_t, 2> kept = {htobe64(halves[0] & masks[0]),
                                        htobe64(halves[1] & masks[1])};
  Bytes bytes;
  std::memcpy(bytes.data(), kept.data(), sizeof kept);
  return address.is_v4() ? IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3])
                         : IpAddress::v6(bytes);
}
}  // namespace

Cidr::Cidr(const IpAddress& address, unsigned prefix)
    : address_(cut(address, std::min<unsigned>(prefix, static_cast<unsigned>(address.size() * 8)))),
      prefix_(static_cast<uint8_t>(
          std::min<unsigned>(prefix, static_cast<unsigned>(address.size() * 8)))) {}

Result<Cidr> Cidr::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return no_network('"' + std::string(text) +
                      "\" is no address or network (such as 10.0.0.0/8, fc00::/7 or 192.0.2.1)");
  }
  const auto bits = static_cast<unsigned>(address->size() * 8);
  if (slash == std::string_view::npos) return Cidr(*address, bits);
  const auto prefix = parse_plain(text.substr(slash + 1), bits);
  if (!prefix) {
    return no_network("the prefix length of \"" + std::string(text) +
                      "\" is not a number from 0 to " + std::to_string(bits));
  }
  const Cidr network(*address, *prefix);
  if (network.address() != *address) {
    return no_network('"' + std::string(text) +
                      "\" has bits set beyond its prefix: the network is " + network.text() +
                      ", the single address " + address->text());
  }
  return network;
}

bool Cidr::contains(const IpAddress& address) const {
  const auto asked = halves_of(address.bytes()), own = halves_of(address_.bytes());
  const auto masks = masks_of(prefix_);
  return address.family() == address_.family() && ((asked[0] ^ own[0]) & masks[0]) == 0 &&
         ((asked[1] ^ own[1]) & masks[1]) == 0;
}

std::string Cidr::text() const {
  return address_.text() + '/' + std::to_string(prefix_);
}

}  // namespace weir::base

size_t std::hash<weir::base::IpAddress>::operator()(
    const weir::base::IpAddress& address) const noexcept {
  uint64_t half[2];
  std::memcpy(half, address.bytes().data(), sizeof half);
  uint64_t h = half[0] * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(address.family());
  h = (h ^ (h >> 32) ^ half[1]) * 0xD6E8FEB86659FD93u;
  return h ^ (h >> 32);
}
