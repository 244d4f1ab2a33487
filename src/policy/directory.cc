#include "policy/directory.h"

#include <algorithm>

namespace weir::policy {
namespace {

bool is_single(const base::Cidr& network) {
  return network.prefix() == network.address().size() * 8;
}

}  // namespace

Directory::Directory(const std::vector<ClientConfig>& clients,
                     const std::vector<ListenerName>& listeners) {
  for (const ListenerName& each : listeners) {
    Listener& listener = listeners_.emplace_back();
    listener.name = each.name;
    for (const std::string& group : each.groups) listener.groups |= bit_of(group);
  }
  for (const ClientConfig& each : clients) {
    const auto number = static_cast<uint32_t>(clients_.size());
    Client& client = clients_.emplace_back();
    client.name = each.name;
    for (const std::string& group : each.groups) client.groups |= bit_of(group);
    for (const std::string& user : each.users) users_[user].push_back(number);
    for (const base::Cidr& network : each.addresses) {
      if (is_single(network))
        addresses_[network.address().text()].push_back(number);
      else
        networks_.push_back({network, number});
    }
    for (const std::string& name : each.listeners) {
      for (const uint32_t listener : listeners_named(name))
        listeners_[listener].clients.push_back(number);
    }
  }
}

uint64_t Directory::bit_of(const std::string& group) {
  const auto [known, is_new] = groups_.try_emplace(group, static_cast<unsigned>(groups_.size()));
  return known->second < kMostGroups ? uint64_t{1} << known->second : 0;
}

void Directory::add(Who& who, uint32_t client) const {
  who.groups |= clients_[client].groups;
  const auto known = who.all_clients();
  if (std::ranges::find(known, client) != known.end() || who.clients == Who::kMostClients) return;
  who.client[who.clients++] = client;
}

void Directory::add_all(Who& who, const Numbers& numbers, std::string_view key) const {
  if (numbers.empty()) return;
  const auto found = numbers.find(key);
  if (found == numbers.end()) return;
  for (const uint32_t client : found->second) add(who, client);
}

Who Directory::of(uint32_t listener, const base::IpAddress& address, std::string_view user) const {
  Who who;
  who.listener = listener;
  who.user = user;
  // A client that comes from an address is asked about first: its names are shown first.
  if (!addresses_.empty()) add_all(who, addresses_, address.text());
  for (const Network& each : networks_) {
    if (each.network.contains(address)) add(who, each.client);
  }
  if (!user.empty()) add_all(who, users_, user);
  if (listener < listeners_.size()) {
    who.groups |= listeners_[listener].groups;
    for (const uint32_t client : listeners_[listener].clients) add(who, client);
  }
  return who;
}

std::string Directory::account_of(const base::IpAddress& address, std::string_view user) const {
  if (!user.empty()) return "user " + std::string(user);
  const std::string text = address.text();
  if (const auto own = addresses_.find(text); own != addresses_.end())
    return "client " + clients_[own->second.front()].name;
  return address.is_v4() ? text : base::Cidr(address, 64).address().text() + "/64";
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
