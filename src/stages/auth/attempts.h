// How many passwords one client may try at once.
#pragma once
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/account.h"
#include "base/ip.h"

namespace weir::auth {

/// Of the whole process; any thread. IPv6 addresses count by their /64.
class Attempts {
 public:
  static constexpr size_t kMostAtOnce = 8;
  static constexpr size_t kMostClients = 65'536;
  static constexpr uint64_t kDelayMs = 1000;

  /// One attempt. Unless it was right it keeps its place until kDelayMs after its start, also where its client has gone: who
  /// hangs up and comes again gains nothing.
  class Place {
   public:
    Place(Attempts* attempts, const base::IpAddress& client, uint64_t until_ms) : attempts_(attempts), client_(client), until_ms_(until_ms) {}
    Place(Place&& other) noexcept : attempts_(std::exchange(other.attempts_, nullptr)), client_(other.client_), until_ms_(other.until_ms_) {}
    ~Place() {
      if (attempts_) attempts_->leave(client_, right_ ? 0 : until_ms_);
    }
    explicit operator bool() const { return attempts_ != nullptr; }
    void right() { right_ = true; }

   private:
    Attempts* attempts_;
    base::IpAddress client_;
    uint64_t until_ms_;
    bool right_ = false;
  };
  /// False: this client has too many.
  Place enter(const base::IpAddress& client, uint64_t now_ms);
  size_t clients();

 private:
  struct Client {
    uint32_t running = 0;
    /// Until when places stay taken that nobody holds.
    std::vector<uint64_t> held_until_ms;
    void drop_before(uint64_t now_ms) {
      std::erase_if(held_until_ms, [&](uint64_t until_ms) { return until_ms <= now_ms; });
    }
    bool unused() const { return running == 0 && held_until_ms.empty(); }
  };
  void leave(const base::IpAddress& client, uint64_t until_ms);

  std::mutex mutex_;
  std::unordered_map<base::IpAddress, Client, std::hash<base::IpAddress>, std::equal_to<>, base::Charged<std::pair<const base::IpAddress, Client>>> clients_;
  uint64_t swept_ms_ = 0;
};

}  // namespace weir::auth
