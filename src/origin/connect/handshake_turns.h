// How many TLS handshakes with origins may run at a time.
#pragma once
#include <cstdint>
#include <unordered_map>

#include "async/event_loop.h"
#include "base/account.h"
#include "base/ip.h"

namespace weir::origin {

/// Handshakes cost memory and computing before an origin has shown who it is, so that a client must
/// not start any number of them. One per worker. In order of arrival, except that nobody waits for
/// a client that has as many as it may have. IPv6 addresses count by their /64.
class HandshakeTurns {
 public:
  /// Limits of those who wait, of one client and in all; further ones are refused.
  static constexpr uint32_t kMostWaitingEach = 1000, kMostWaiting = 8000;

  enum class Limit : uint8_t { none, of_client, of_all };

  HandshakeTurns() = default;
  HandshakeTurns(const HandshakeTurns&) = delete;
  void configure(uint32_t most, uint32_t most_each);

 private:
  struct Client {
    uint32_t running = 0, waiting = 0;
  };
  using Clients =
      std::unordered_map<base::IpAddress, Client, std::hash<base::IpAddress>, std::equal_to<>,
                         base::Charged<std::pair<const base::IpAddress, Client>>>;

 public:
  /// A handshake's turn, until this is destroyed.
  class Turn {
   public:
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    /// Which limit was in the way until the deadline; `none`: it is the handshake's turn.
    Limit refused_by() const { return refused_by_; }

   private:
    friend class HandshakeTurns;
    Turn(HandshakeTurns* turns, Clients::value_type* client, Limit refused_by)
        : turns_(turns), client_(client), refused_by_(refused_by) {}
    HandshakeTurns* turns_;
    Clients::value_type* client_;
    Limit refused_by_;
  };

  /// `const auto turn = co_await turns.wait(client, deadline_ms);`
  class Waiting final : public async::Wait {
   public:
    Waiting(HandshakeTurns& turns, const base::IpAddress& client, uint64_t deadline_ms);
    ~Waiting();
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    Turn await_resume();

   private:
    friend class HandshakeTurns;
    void give_up();
    HandshakeTurns& turns_;
    Clients::value_type* const client_;
    const uint64_t deadline_ms_;
    bool waits_ = false;
    bool has_turn_ = false;
    async::Alarm<Waiting, &Waiting::give_up> deadline_{*this};
  };
  Waiting wait(const base::IpAddress& client, uint64_t deadline_ms) {
    return {*this, client, deadline_ms};
  }

 private:
  Limit limit_for(const Client& client) const;
  void begin(Client& client);
  void end(Clients::value_type& client);
  void drop_if_idle(const Clients::value_type& client);
  void wake();

  uint32_t most_ = UINT32_MAX, most_each_ = UINT32_MAX;
  uint32_t running_ = 0, waiting_ = 0;
  Clients clients_;  // Those that have a handshake, running or waiting.
  async::Link queue_;
};

}  // namespace weir::origin
