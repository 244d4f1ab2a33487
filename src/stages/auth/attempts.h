// Limits how many passwords one client may try at once, and decides which waiting try is next.
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

/// One for the whole process; any thread. IPv6 addresses count by their /64.
///
/// A client has kMostAtOnce places. A try takes a place when its check begins. If the password was
/// right, the place is free at once. Else it stays taken until kDelayMs after the check began, even
/// if the client has disconnected: reconnecting gains nothing. Requests of one client with the same
/// name and password share one try: asking twice reveals nothing more. Tries without a place wait.
/// The next free place goes to the name that has the fewest, so that a program that repeats an old
/// password does not keep other names behind the same address out.
class Attempts {
 public:
  static constexpr size_t kMostAtOnce = 8;
  /// Most tries that may wait: of one client, of one name of a client, of all clients.
  static constexpr size_t kMostWaiting = 64;
  static constexpr size_t kMostOfName = 4;
  static constexpr size_t kMostWaitingInAll = 4096;
  static constexpr size_t kMostClients = 65'536;
  static constexpr uint64_t kDelayMs = 1000;

  enum class Stand : uint8_t {
    waits,
    checks,  // It has a place, and the caller is the one that checks.
    wrong,   // Another request has found the password wrong.
    over,    // Another request gave it up or was right: the caller has to join again.
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
    /// Called again until it returns something other than `waits`.
    Stand stand(uint64_t now_ms);
    /// Called by the one that checks: frees the place at once, as the password was right or not
    /// looked at.
    void free() { leave(true); }
    /// Called by the one that checks: the password was wrong.
    void wrong();
    /// For a wrong password: the earliest time at which a client may be told so.
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

  /// An empty Part (false): too many tries wait, or there are too many clients.
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
  /// The tries of one client, in the order in which they came.
  struct Client {
    std::vector<std::shared_ptr<Try>, base::Charged<std::shared_ptr<Try>>> tries;
  };
  /// Drops tries that are over and gives free places to those that wait.
  void serve(Client& client, uint64_t now_ms);
  /// Changes the state. A try that was waiting no longer counts in waiting_.
  void set_state(Try& changed, Try::State state);

  std::mutex mutex_;
  std::unordered_map<base::IpAddress, Client, std::hash<base::IpAddress>, std::equal_to<>,
                     base::Charged<std::pair<const base::IpAddress, Client>>>
      clients_;
  size_t waiting_ = 0;
  uint64_t swept_ms_ = 0;
};

}  // namespace weir::auth
