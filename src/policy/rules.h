// Which addresses and ports a listener's clients may reach. Pure (no socket, no look-up, no clock),
// except for the function that OwnAddresses is given. Checked for each resolved address before
// connecting to it, and for the peer's address whenever a pooled connection is taken.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "match/address_class.h"
#include "match/host_pattern.h"
#include "policy/config.h"

namespace weir::policy {

/// Where Weir itself listens: never a destination, on any listener.
class OwnAddresses {
 public:
  OwnAddresses() = default;
  /// Tells whether an address is this machine's. Called each time, since interfaces come and go
  /// while a listener stays.
  using ThisMachine = std::function<bool(const base::IpAddress&)>;
  /// `listening` has the ports that were really bound. A wildcard address (0.0.0.0 or ::) stands
  /// for every loopback address and every address of this machine; :: covers IPv4 too, like a
  /// dual-stack socket.
  OwnAddresses(std::vector<base::Endpoint> listening, ThisMachine this_machine);
  /// True if connecting to this would reach Weir. Covers IPv6 forms that carry an IPv4 address, and
  /// the addresses 0.0.0.0/8 and ::.
  bool contains(const base::IpAddress& address, uint16_t port) const;

 private:
  bool reaches(const base::IpAddress& address, const base::Endpoint& listener) const;

  std::vector<base::Endpoint> listening_;
  ThisMachine this_machine_;
};

/// The rules of one listener, or of Weir's own requests, built once from its configuration and
/// never changed.
class ListenerRules {
 public:
  /// `reachable`: other machines can reach the listener (match::binds_this_machine_only is false
  /// for one of its addresses).
  ListenerRules(const Config& config, bool reachable, std::vector<uint16_t> blocked_ports,
                OwnAddresses own);
  /// Rules for the clients of a listener that is gone: the settings of its own stay as in `last`,
  /// and those that hold on every listener are new.
  ListenerRules(const ListenerRules& last, std::vector<uint16_t> blocked_ports, OwnAddresses own);

  /// Rules for Weir's own requests. What is not public is open only to the names and networks that
  /// `config` allows, as on a listener that other machines can reach. Whoever makes Weir fetch a
  /// URL that the owner has configured allows that URL's host: so a server in the owner's network
  /// can be used, and no redirect and no other name leads there.
  static ListenerRules for_house(const Config& config, std::vector<uint16_t> blocked_ports,
                                 OwnAddresses own);

  bool reachable() const { return reachable_; }
  bool for_house() const { return for_house_; }
  bool port_blocked(uint16_t port) const;
  bool is_own(const base::IpAddress& address, uint16_t port) const {
    return own_.contains(address, port);
  }
  /// True if `allow` has the name or the address. An IPv6 address that stands for an IPv4 address
  /// is allowed if that one is.
  bool allows(std::string_view host, const base::IpAddress& address) const;
  bool is_local_name(std::string_view host) const { return local_names_.matches(host); }
  bool private_allowed() const { return private_allowed_; }

 private:
  bool in_allowed_network(const base::IpAddress& address) const;

  bool reachable_;
  bool for_house_ = false;
  bool private_allowed_;
  match::HostPatterns local_names_, allowed_names_;
  std::vector<base::Cidr> allowed_networks_;
  std::vector<uint16_t> blocked_ports_;
  OwnAddresses own_;
};

/// Checks only the port, before anything is looked up. A refusal is http_request_denied, 403.
base::Result<void> check_port(const ListenerRules& rules, uint16_t port);

/// Checks an address that `host` led to. `host` is the name that was asked for: lower-case, no
/// trailing dot, no brackets. A refusal is destination_ip_prohibited, 403, with the rule and what
/// to write into the configuration. In this order:
/// - Weir's own listening addresses and the clouds' metadata addresses are never allowed; nothing
///   opens them.
/// - Public addresses are allowed.
/// - On a listener that other machines can reach, another address is allowed only if `allow` has
///   the name or the address; `local_names` opens loopback and link-local addresses to its names.
/// - On a listener that only this machine can reach, loopback and link-local addresses are allowed,
///   unless DNS led there (rebinding) and the name is not in `local_names`. Others are allowed
///   unless `private = "deny"` and `allow` has neither the name nor the address.
base::Result<void> check_address(const ListenerRules& rules, std::string_view host,
                                 base::AddressSource source, const base::IpAddress& address,
                                 uint16_t port);

}  // namespace weir::policy
