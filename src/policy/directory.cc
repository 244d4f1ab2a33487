#include "policy/directory.h"

#include <algorithm>

#include "match/address_class.h"

namespace weir::policy {
namespace {

bool is_single(const base::IpAddress& address, unsigned prefix) {
  return prefix == address.size() * 8;
}

}  // namespace

Directory::Directory(const std::vector<ClientConfig>& clients,
                     const std::vector<ListenerName>& listeners) {
  for (const ListenerName& each : listeners) {
    Listener& listener = listeners_.emplace_back();
    listener.name = each.name;
    for (const std::string& group : each.groups) listener.members.groups |= bit_of(group);
  }
  for (const ClientConfig& each : clients) {
    const auto number = static_cast<uint32_t>(clients_.size());
    Client& client = clients_.emplace_back();
    client.name = each.name;
    for (const std::string& group : each.groups) client.groups |= bit_of(group);
    for (const std::string& user : each.users) add(users_[user], number);
    for (const base::Cidr& network : each.addresses) add_network(network, number);
    for (const std::string& name : each.listeners) {
      for (const uint32_t listener : listeners_named(name))
        add(listeners_[listener].members, number);
    }
  }
  std::ranges::sort(networks_, std::greater(), &Networks::prefix);
}

void Directory::add_network(const base::Cidr& written, uint32_t client) {
  // Clients are asked about by the plain form of their address.
  const base::Cidr network = match::plain(written);
  const base::IpFamily family = network.address().family();
  auto same = std::ranges::find_if(networks_, [&](const Networks& each) {
    return each.family == family && each.prefix == network.prefix();
  });
  if (same == networks_.end())
    same = networks_.insert(same, {.family = family, .prefix = network.prefix(), .members = {}});
  add(same->members[network.address()], client);
}

uint64_t Directory::bit_of(const std::string& group) {
  const auto [known, is_new] = groups_.try_emplace(group, static_cast<unsigned>(groups_.size()));
  return known->second < kMostGroups ? uint64_t{1} << known->second : 0;
}

void Directory::add(Members& to, uint32_t client) const {
  if (!to.clients.empty() && to.clients.back() == client) return;
  to.clients.push_back(client);
  to.groups |= clients_[client].groups;
}

void Directory::add(Who& who, const Members& members) {
  who.groups |= members.groups;
  // Only those that came before may be the same.
  const size_t before = who.clients;
  for (const uint32_t client : members.clients) {
    if (who.clients == Who::kMostClients) return;
    const auto known = who.all_clients().first(before);
    if (std::ranges::find(known, client) == known.end()) who.client[who.clients++] = client;
  }
}

Who Directory::of(uint32_t listener, const base::IpAddress& address, std::string_view user) const {
  Who who;
  who.listener = listener;
  who.user = user;
  // The names that say most about the client are shown first.
  for (const Networks& each : networks_) {
    if (each.family != address.family()) continue;
    const auto found = each.members.find(base::Cidr(address, each.prefix).address());
    if (found != each.members.end()) add(who, found->second);
  }
  if (const auto found = user.empty() ? users_.end() : users_.find(user); found != users_.end())
    add(who, found->second);
  if (listener < listeners_.size()) add(who, listeners_[listener].members);
  return who;
}

std::string Directory::account_of(const base::IpAddress& address, std::string_view user) const {
  if (!user.empty()) return "user " + std::string(user);
  for (const Networks& each : networks_) {
    if (each.family != address.family() || !is_single(address, each.prefix)) continue;
    if (const auto own = each.members.find(address); own != each.members.end())
      return "client " + clients_[own->second.clients.front()].name;
  }
  if (address.is_v4()) return address.text();
  return base::Cidr(address, 64).address().text() + "/64";
}

std::vector<uint32_t> Directory::clients_named(std::string_view name) const {
  std::vector<uint32_t> numbers;
  for (uint32_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].name == name) numbers.push_back(i);
  }
  return numbers;
}

std::vector<uint32_t> Directory::listeners_named(std::string_view name) const {
  std::vector<uint32_t> numbers;
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    if (!name.empty() && listeners_[i].name == name) numbers.push_back(i);
  }
  return numbers;
}

uint64_t Directory::group_named(std::string_view name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() || found->second >= kMostGroups ? 0 : uint64_t{1} << found->second;
}

std::vector<std::string> Directory::names_of_groups(uint64_t groups) const {
  std::vector<std::pair<unsigned, std::string>> found;
  for (const auto& [name, bit] : groups_) {
    if (bit < kMostGroups && (groups >> bit & 1) != 0) found.emplace_back(bit, name);
  }
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (auto& [bit, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace weir::policy
