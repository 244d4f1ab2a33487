#include "policy/rules.h"

#include <algorithm>
#include <string>

namespace weir::policy {

namespace {

using base::Endpoint;
using base::Error;
using base::ErrorType;
using base::IpAddress;
using match::AddressClass;

/// True if connecting to `address` reaches this machine through its loopback interface.
bool stands_for_loopback(const IpAddress& address) {
  return address.is_v4() ? address.bytes()[0] == 0 : address.is_unspecified();
}

/// What a person writes between quotes to allow `host`: the name, or the address if `host` is no
/// name.
std::string to_write(std::string_view host, const IpAddress& address) {
  const auto name = match::HostPattern::parse(host);
  return name && !name->is_suffix() ? name->text() : address.text();
}

std::string led_to(std::string_view host, const IpAddress& address, AddressClass address_class) {
  const std::string where = address.text();
  std::string text(host);
  if (host != where) text += " leads to " + where + ", which";
  return text += " is " + std::string(match::describe(address_class));
}

/// `what` is a sentence without its full stop.
Error prohibited(std::string what, std::string_view rule) {
  return Error(ErrorType::destination_ip_prohibited, std::move(what) + '.', std::string(rule));
}

std::string line_of(std::string_view key, std::string_view value) {
  return "in the [[listener]] of the configuration: " + std::string(key) + " = [\"" +
         std::string(value) + "\"]";
}

}  // namespace

OwnAddresses::OwnAddresses(std::vector<Endpoint> listening, ThisMachine this_machine)
    : listening_(std::move(listening)), this_machine_(std::move(this_machine)) {
  for (Endpoint& endpoint : listening_) endpoint.address = endpoint.address.unmapped();
}

bool OwnAddresses::reaches(const IpAddress& address, const Endpoint& listener) const {
  if (address == listener.address) return true;
  if (listener.address.is_unspecified()) {
    return match::classify(address) == AddressClass::loopback ||
           (this_machine_ && this_machine_(address));
  }
  return stands_for_loopback(address) && match::binds_this_machine_only(listener.address);
}

bool OwnAddresses::contains(const IpAddress& address, uint16_t port) const {
  const base::EmbeddedV4 readings = base::embedded_v4_readings(address);
  return std::ranges::any_of(listening_, [&](const Endpoint& listener) {
    const auto leads_here = [&](const IpAddress& reading) { return reaches(reading, listener); };
    return listener.port == port &&
           (leads_here(address) || std::ranges::any_of(readings, leads_here));
  });
}

ListenerRules::ListenerRules(const Config& config, bool reachable,
                             std::vector<uint16_t> blocked_ports, OwnAddresses own)
    : reachable_(reachable),
      private_allowed_(config.private_allowed),
      allowed_networks_(config.allowed_networks),
      blocked_ports_(std::move(blocked_ports)),
      own_(std::move(own)) {
  for (const auto& pattern : config.local_names) local_names_.add(pattern);
  for (const auto& pattern : config.allowed_names) allowed_names_.add(pattern);
  std::ranges::sort(blocked_ports_);
}

ListenerRules::ListenerRules(const ListenerRules& last, std::vector<uint16_t> blocked_ports,
                             OwnAddresses own)
    : reachable_(last.reachable_),
      private_allowed_(last.private_allowed_),
      local_names_(last.local_names_),
      allowed_names_(last.allowed_names_),
      allowed_networks_(last.allowed_networks_),
      blocked_ports_(std::move(blocked_ports)),
      own_(std::move(own)) {
  std::ranges::sort(blocked_ports_);
}

ListenerRules ListenerRules::for_house(const Config& config, std::vector<uint16_t> blocked_ports,
                                       OwnAddresses own) {
  ListenerRules rules(config, true, std::move(blocked_ports), std::move(own));
  rules.for_house_ = true;
  return rules;
}

bool ListenerRules::port_blocked(uint16_t port) const {
  return std::ranges::binary_search(blocked_ports_, port);
}

bool ListenerRules::in_allowed_network(const IpAddress& address) const {
  return std::ranges::any_of(allowed_networks_,
                             [&](const base::Cidr& network) { return network.contains(address); });
}

bool ListenerRules::allows(std::string_view host, const IpAddress& address) const {
  if (allowed_names_.matches(host) || in_allowed_network(address)) return true;
  if (!match::stands_for_v4_alone(address)) return false;
  const base::EmbeddedV4 readings = base::embedded_v4_readings(address);
  return std::ranges::all_of(readings, [&](const IpAddress& v4) { return in_allowed_network(v4); });
}

base::Result<void> check_port(const ListenerRules& rules, uint16_t port) {
  if (!rules.port_blocked(port)) return {};
  return std::unexpected(
      Error(ErrorType::http_request_denied, "Port " + std::to_string(port) + " is blocked.",
            "blocked_ports")
          .with_remedy("set blocked_ports in the configuration to a list without " +
                       std::to_string(port) +
                       " (`weir config --defaults` prints the one in use by default)"));
}

base::Result<void> check_address(const ListenerRules& rules, std::string_view host,
                                 base::AddressSource source, const IpAddress& address,
                                 uint16_t port) {
  if (rules.is_own(address, port)) {
    return std::unexpected(prohibited(
        Endpoint{address, port}.text() + " is where Weir itself listens", "own address"));
  }
  const AddressClass address_class = match::classify(address);
  if (address_class == AddressClass::metadata) {
    return std::unexpected(prohibited(led_to(host, address, address_class), "metadata address"));
  }
  if (address_class == AddressClass::public_) return {};

  const bool local =
      address_class == AddressClass::loopback || address_class == AddressClass::link_local;
  if (rules.reachable()) {
    if (rules.allows(host, address) || (local && rules.is_local_name(host))) return {};
    if (rules.for_house()) {
      return std::unexpected(prohibited(led_to(host, address, address_class) +
                                            ", and no URL in the configuration is of that server",
                                        "own requests"));
    }
    return std::unexpected(prohibited(led_to(host, address, address_class) +
                                          ", and other machines can reach this listener",
                                      "allow")
                               .with_remedy(line_of("allow", to_write(host, address))));
  }
  if (local) {
    if (source != base::AddressSource::dns || rules.is_local_name(host)) return {};
    return std::unexpected(
        prohibited(led_to(host, address, address_class) + "; it is DNS that says so", "local_names")
            .with_remedy(line_of("local_names", to_write(host, address))));
  }
  if (rules.private_allowed() || rules.allows(host, address)) return {};
  return std::unexpected(prohibited(led_to(host, address, address_class), "private")
                             .with_remedy(line_of("allow", to_write(host, address))));
}

}  // namespace weir::policy
