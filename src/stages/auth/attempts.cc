#include "stages/auth/attempts.h"

#include <iterator>

namespace weir::auth {
namespace {
base::IpAddress key_of(const base::IpAddress& address) { return address.is_v4() ? address : base::Cidr(address, 64).address(); }
}  // namespace

Attempts::Place Attempts::enter(const base::IpAddress& address, uint64_t now_ms) {
  const base::IpAddress key = key_of(address);
  std::lock_guard lock(mutex_);
  if (now_ms >= swept_ms_ + kDelayMs) {
    swept_ms_ = now_ms;
    for (auto at = clients_.begin(); at != clients_.end();) {
      at->second.drop_before(now_ms);
      at = at->second.unused() ? clients_.erase(at) : std::next(at);
    }
  }
  if (clients_.size() >= kMostClients && !clients_.contains(key)) return {nullptr, key, 0};
  Client& client = clients_[key];
  client.drop_before(now_ms);
  client.held_until_ms.reserve(kMostAtOnce);  // Who leaves asks for no memory.
  if (client.running + client.held_until_ms.size() >= kMostAtOnce) return {nullptr, key, 0};
  ++client.running;
  return {this, key, now_ms + kDelayMs};
}

void Attempts::leave(const base::IpAddress& key, uint64_t until_ms) {
  std::lock_guard lock(mutex_);
  const auto at = clients_.find(key);
  if (at == clients_.end()) return;
  --at->second.running;
  if (until_ms != 0) at->second.held_until_ms.push_back(until_ms);
  if (at->second.unused()) clients_.erase(at);
}

size_t Attempts::clients() {
  std::lock_guard lock(mutex_);
  return clients_.size();
}

}  // namespace weir::auth
