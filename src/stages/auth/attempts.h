// How many passwords one client may try at once, and whose turn it is among those who wait for
// that.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/account.h"
#include "base/ip.h"
#include "stages/auth/answers.h"

namespace weir::auth {

/// Of the whole process; any thread. IPv6 addresses count by their /64.
///
/// A client has kMostAtOnce places. A try takes one when its check begins, and gives it back at
/// once if it was right; else it keeps it until kDelayMs after that, also where whoever asked has
/// gone: who hangs up and comes again gains nothing. Requests of one client with the same name and
/// password are one try: asking twice tells nobody more. Tries without a place wait; the next place
/// is for the name that has the fewest, so that who asks with an old password over and over keeps
/// no other name behind the same address out.
class Attempts {
 public:
  static constexpr size_t kMostAtOnce = 8;
  /// Tries that wait: of a client, of one name there, of all clients.
  static constexpr size_t kMostWaiting = 64;
  static constexpr size_t kMostOfName = 4;
  static constexpr size_t kMostWaitingInAll = 4096;
  static constexpr size_t kMostClients = 65'536;
  static constexpr uint64_t kDelayMs = 1000;

  enum class Stand : uint8_t {
    waits,
    checks,  // It has a place, and whoever asked is the one that checks.
    wrong,   // Another request has found out.
    over,    // Another request gave it up or was right: who still wants to know joins anew.
  };

 private:
  struct Try;

 public:
  /// One request's part in a try.
  class Part {
   public:
    Part() = default;
    Part(Part&& other) noexcept
        : attempts_(std::exchange(other.attempts_, nullptr)),
          client_(other.client_),
          try_(std::move(other.try_)),
          checks_(other.checks_),
          until_ms_(other.until_ms_) {}
    Part& operator=(Part&& other) noexcept;
    ~Part() { leave(false); }

    explicit operator bool() const { return attempts_ != nullptr; }
    /// To be asked until it is another thing than `waits`.
    Stand stand(uint64_t now_ms);
    /// By whoever checks: the place is free at once, since it was right or nobody looked at it.
    void free() { leave(true); }
    /// By whoever checks.
    void wrong();
    /// Of a wrong one, before that nobody is told.
    uint64_t until_ms() const { return until_ms_; }

   private:
    friend class Attempts;
    Part(Attempts* attempts, const base::IpAddress& client, std::shared_ptr<Try> joined)
        : attempts_(attempts), client_(client), try_(std::move(joined)) {}
    void leave(bool free);

    Attempts* attempts_ = nullptr;
    base::IpAddress client_;
    std::shared_ptr<Try> try_;
    bool checks_ = false;
    uint64_t until_ms_ = 0;
  };

  /// False: there are too many who wait.
  Part join(const base::IpAddress& client, std::string_view user, const Print& print,
            uint64_t now_ms);
  size_t clients();
  /// Tries that wait for a place.
  size_t waiting();

 private:
  struct Try {
    enum class State : uint8_t { waits, granted, checked, wrong, over };
    bool ended() const { return state == State::wrong || state == State::over; }

    base::ChargedText user;
    Print print;
    State state = State::waits;
    uint32_t parts = 0;
    /// Until when its place stays taken once it has ended.
    uint64_t until_ms = 0;
  };
  /// In the order in which they came.
  struct Client {
    std::vector<std::shared_ptr<Try>, base::Charged<std::shared_ptr<Try>>> tries;
  };
  /// Drops what has ended and gives places away.
  void serve(Client& client, uint64_t now_ms);
  /// Such a try waits no more.
  void set_state(Try& changed, Try::State state);

  std::mutex mutex_;
  std::unordered_map<base::IpAddress, Client, std::hash<base::IpAddress>, std::equal_to<>,
                     base::Charged<std::pair<const base::IpAddress, Client>>>
      clients_;
  size_t waiting_ = 0;
  uint64_t swept_ms_ = 0;
};

}  // namespace weir::auth
