// What is known about a request when rules are asked about it.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "base/ip.h"
#include "policy/content_kind.h"
#include "policy/schedule.h"

namespace weir::policy {

/// Who asks, in the numbers that the compiled rules use. Made once for a session and user.
struct Who {
  static constexpr size_t kMostClients = 32;

  uint32_t listener = 0;
  /// The entries of `[[client]]` that the client's address, listener or user belong to.
  std::array<uint32_t, kMostClients> client = {};
  uint8_t clients = 0;
  /// A bit for each group.
  uint64_t groups = 0;
  /// Empty if no login was asked for.
  std::string_view user;

  std::span<const uint32_t> all_clients() const { return {client.data(), clients}; }
};

/// What rules may ask about and a point may not know yet. Host, port, who and when are always
/// known.
enum class Fact : uint8_t {
  url,
  method,
  kind,
  address,
  country,
  sni_missing,
  content_type,
  size,
};

/// A set of facts.
class FactSet {
 public:
  constexpr FactSet() = default;
  constexpr FactSet(std::initializer_list<Fact> facts) {
    for (const Fact each : facts) add(each);
  }
  constexpr void add(Fact fact) {
    bits_ |= static_cast<uint16_t>(1u << static_cast<unsigned>(fact));
  }
  constexpr bool has(Fact fact) const { return (bits_ >> static_cast<unsigned>(fact) & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool within(FactSet other) const { return (bits_ & ~other.bits_) == 0; }
  constexpr bool meets(FactSet other) const { return (bits_ & other.bits_) != 0; }
  friend constexpr FactSet operator|(FactSet a, FactSet b) { return FactSet(a.bits_ | b.bits_); }
  friend constexpr FactSet operator-(FactSet a, FactSet b) { return FactSet(a.bits_ & ~b.bits_); }
  friend constexpr bool operator==(FactSet, FactSet) = default;

 private:
  constexpr explicit FactSet(int bits) : bits_(static_cast<uint16_t>(bits)) {}
  uint16_t bits_ = 0;
};

/// Nothing stands for what is not known yet; a later point may know it. Views live as long as the
/// call.
struct Facts {
  Who who;
  LocalTime now;
  /// Lower case, without a trailing dot; an address in canonical form, without brackets.
  std::string_view host;
  bool literal = false;
  uint16_t port = 0;
  /// Known for a plain request, and inside an opened tunnel.
  std::optional<bool> https = {};
  /// Path and query, in the form of match::normal_path().
  std::optional<std::string_view> path = {};
  /// The path as some servers read it (match::other_reading()); empty: all read the same.
  std::string_view other_path = {};
  /// `path` is such a reading.
  bool other_reading = false;
  std::optional<std::string_view> method = {};
  /// What the request may be for, by its fields and later by the response's Content-Type. Not there
  /// for a CONNECT; never empty.
  std::optional<ContentKinds> kinds = {};
  /// The resolved address that Weir is about to connect to.
  std::optional<base::IpAddress> address = {};
  /// Two capital letters; empty: the address is in no country's list.
  std::optional<std::string_view> country = {};
  /// A ClientHello has come, and has no server name.
  std::optional<bool> sni_missing = {};
  /// Of the response: `text/html`, in lower case, without parameters; empty: it has none.
  std::optional<std::string_view> content_type = {};
  /// Of the response's content, where its head says so.
  std::optional<uint64_t> size = {};
};

/// Which of the facts are known.
FactSet known(const Facts& facts);

}  // namespace weir::policy
