#include "policy/rule_index.h"

#include <algorithm>
#include <bit>

#include "policy/directory.h"

namespace weir::policy {
namespace {

/// Calls `each` with the hash of `host`, and of every part of it that stands behind a dot: in one
/// pass, however many there are. Not match::HostHashes, which has none for parts of names with an
/// empty label or of more than 253 bytes: no rule must be left out for these either.
template <class Each>
void hash_suffixes(std::string_view host, Each each) {
  // FNV-1a, from the end.
  constexpr uint64_t kBasis = 0xcbf29ce484222325, kPrime = 0x100000001b3;
  uint64_t hash = kBasis;
  for (size_t i = host.size(); i-- > 0;) {
    if (host[i] == '.') each(hash);
    hash = (hash ^ static_cast<unsigned char>(host[i])) * kPrime;
  }
  each(hash);
}

uint64_t hash_of_name(std::string_view name) {
  uint64_t whole = 0;
  hash_suffixes(name, [&](uint64_t hash) { whole = hash; });
  return whole;
}

template <class Rules, class Key>
void add_found(RuleNumbers& to, const Rules& rules, const Key& key) {
  if (rules.empty()) return;
  const auto found = rules.find(key);
  if (found == rules.end()) return;
  for (const uint32_t rule : found->second) to.add(rule);
}

}  // namespace

RuleIndex::RuleIndex(const Table& table)
    : rules_(table.size()),
      any_host_(rules_),
      everyone_(rules_),
      groups_(Directory::kMostGroups, RuleNumbers(rules_)) {
  for (uint32_t rule = 0; rule < rules_; ++rule) {
    add_who(table.at(rule).condition, rule);
    add_hosts(table.at(rule).condition.what, rule);
  }
  std::ranges::sort(hosts_);
  const auto twice = std::ranges::unique(hosts_);
  hosts_.erase(twice.begin(), twice.end());
  for (size_t i = hosts_.size(); i-- > 0;) first_[hosts_[i].hash] = i;
}

void RuleIndex::add_who(const Condition& condition, uint32_t rule) {
  if (condition.everyone) everyone_.add(rule);
  for (uint64_t left = condition.groups; left != 0; left &= left - 1)
    groups_[static_cast<size_t>(std::countr_zero(left))].add(rule);
  for (const uint32_t client : condition.clients) clients_[client].push_back(rule);
  for (const uint32_t listener : condition.listeners) listeners_[listener].push_back(rule);
  for (const std::string& user : condition.users) users_[user].push_back(rule);
}

void RuleIndex::add_hosts(const What& what, uint32_t rule) {
  // Of two keys, each of which has to hold, one is enough.
  if (!what.hosts.empty() && !what.hosts.every()) {
    what.hosts.each_name(
        [&](std::string_view name) { hosts_.push_back({hash_of_name(name), rule}); });
    return;
  }
  const bool any = what.urls.empty() || std::ranges::any_of(what.urls, [](const auto& url) {
                     return url.host().empty();
                   });
  if (any) return any_host_.add(rule);
  for (const match::UrlPattern& url : what.urls) hosts_.push_back({hash_of_name(url.host()), rule});
}

RuleNumbers RuleIndex::about(std::string_view host) const {
  RuleNumbers rules = any_host_;
  if (hosts_.empty()) return rules;
  hash_suffixes(host, [&](uint64_t hash) {
    const auto found = first_.find(hash);
    if (found == first_.end()) return;
    for (size_t i = found->second; i < hosts_.size() && hosts_[i].hash == hash; ++i)
      rules.add(hosts_[i].rule);
  });
  return rules;
}

RuleNumbers RuleIndex::candidates(const Who& who, std::string_view host) const {
  RuleNumbers meant = everyone_;
  for (uint64_t left = who.groups; left != 0; left &= left - 1)
    meant.add(groups_[static_cast<size_t>(std::countr_zero(left))]);
  for (const uint32_t client : who.all_clients()) add_found(meant, clients_, client);
  add_found(meant, listeners_, who.listener);
  if (!who.user.empty()) add_found(meant, users_, who.user);
  meant.keep(about(host));
  return meant;
}

}  // namespace weir::policy
