// Who a client is, by the owner's names.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/ip.h"
#include "policy/facts.h"

namespace weir::policy {

/// `[[client]]`: a name for whoever comes from one of these addresses, logs in as one of these
/// users, or comes by one of these listeners; and the groups that they belong to.
struct ClientConfig {
  std::string name;
  std::vector<base::Cidr> addresses;
  std::vector<std::string> users, listeners, groups;
  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

/// A listener as rules know it. Its place in the list is its number.
struct ListenerName {
  /// Empty: no rule can name it.
  std::string name;
  std::vector<std::string> groups;
};

/// Names of clients and groups as numbers, and who belongs to them. Immutable once made; any thread
/// may use it.
class Directory {
 public:
  static constexpr size_t kMostGroups = 64;

  Directory() = default;
  /// Groups beyond kMostGroups are left out: the configuration's checks refuse them.
  Directory(const std::vector<ClientConfig>& clients, const std::vector<ListenerName>& listeners);

  /// The name of the user is a view of `user`.
  Who of(uint32_t listener, const base::IpAddress& address, std::string_view user) const;
  /// Whom limits count as one client: the user, else the `[[client]]` that has the address by
  /// itself and not as a part of a network, else the address (of IPv6, its /64).
  std::string account_of(const base::IpAddress& address, std::string_view user) const;
  /// The entries with that name; there may be several.
  std::vector<uint32_t> clients_named(std::string_view name) const;
  std::vector<uint32_t> listeners_named(std::string_view name) const;
  /// The group's bit; 0 if nobody is in it.
  uint64_t group_named(std::string_view name) const;
  /// How many different groups there are, also beyond kMostGroups.
  size_t groups() const { return groups_.size(); }
  /// The names of the groups, in the order of their bits.
  std::vector<std::string> names_of_groups(uint64_t groups) const;
  const std::string& name_of_client(uint32_t number) const { return clients_[number].name; }

 private:
  struct Client {
    std::string name;
    uint64_t groups = 0;
  };
  /// Clients that have something in common: each once, in the order of the configuration.
  struct Members {
    std::vector<uint32_t> clients;
    /// Of all of them.
    uint64_t groups = 0;
  };
  /// By the networks of one family and size.
  struct Networks {
    base::IpFamily family;
    unsigned prefix;
    std::unordered_map<base::IpAddress, Members> members;
  };
  struct Listener {
    std::string name;
    Members members;
  };

  uint64_t bit_of(const std::string& group);
  void add_network(const base::Cidr& written, uint32_t client);
  void add(Members& to, uint32_t client) const;
  static void add(Who& who, const Members& members);

  std::vector<Client> clients_;
  std::vector<Listener> listeners_;
  /// The smallest networks, which are single addresses, first.
  std::vector<Networks> networks_;
  std::unordered_map<std::string, Members, base::TextHash, std::equal_to<>> users_;
  std::map<std::string, unsigned, std::less<>> groups_;
};

}  // namespace weir::policy
