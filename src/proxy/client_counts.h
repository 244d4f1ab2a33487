// Counts the connections of each client address, for the whole process.
#pragma once
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/account.h"
#include "base/ip.h"

namespace weir::proxy {

/// Any thread. Used when a connection opens and when it closes. IPv6 addresses count by their /64,
/// since one host usually has a whole /64.
class ClientCounts {
 public:
  /// Returns how many connections the address has, this one included.
  uint32_t add(const base::IpAddress& address) {
    std::lock_guard lock(mutex_);
    return ++counts_[key(address)];
  }
  void remove(const base::IpAddress& address) {
    std::lock_guard lock(mutex_);
    if (const auto at = counts_.find(key(address)); at != counts_.end() && --at->second == 0)
      counts_.erase(at);
  }

 private:
  static base::IpAddress key(const base::IpAddress& address) {
    return address.is_v4() ? address : base::Cidr(address, 64).address();
  }

  std::mutex mutex_;
  std::unordered_map<base::IpAddress, uint32_t, std::hash<base::IpAddress>, std::equal_to<>,
                     base::Charged<std::pair<const base::IpAddress, uint32_t>>>
      counts_;
};

}  // namespace weir::proxy
