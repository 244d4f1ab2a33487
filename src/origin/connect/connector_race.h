// Happy Eyeballs, version 2 (RFC 8305): look-ups and attempts to connect that run beside each
// other.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "async/deadline.h"
#include "async/signal.h"
#include "async/task.h"
#include "origin/connect/connector.h"

namespace weir::origin {

/// One race to one host. Both families are asked for at the same time. Attempts begin when the IPv6
/// answer is there, or the resolution delay after the IPv4 answer; families take turns, IPv6 first;
/// the next attempt begins when the attempt delay has passed or one has failed. The first
/// connection wins, and destroying the race ends the others.
class ConnectRace : private async::Root {
 public:
  static constexpr size_t kMostAttempts = 8;

  ConnectRace(net::Resolver& resolver, const OriginConfig& config, const net::TcpOptions& tcp,
              std::string_view host, uint16_t port, const http::Decision& decision);
  ConnectRace(const ConnectRace&) = delete;

  async::Task<base::Result<Connected>> run();

 private:
  struct Answer {
    base::IpFamily family = base::IpFamily::v4;
    net::Lookup lookup;
    bool there = false;
    uint8_t next = 0;  // The first address that was not tried.
    uint64_t came_ms = 0;
    async::Task<void> task;
    bool left() const { return there && next < lookup.count; }
  };
  struct Attempt {
    base::Endpoint to;
    base::AddressSource source = base::AddressSource::dns;
    net::Connecting result;
    bool counted = false;
    async::Task<void> task;
    bool done() const { return task && task.done(); }
  };
  async::Task<void> look_up(Answer& answer);
  async::Task<void> attempt(Attempt& attempt);
  void begin_look_up(Answer& answer);
  /// A look-up or an attempt has ended, however it did.
  void finished() noexcept override { changed_.notify(); }
  /// Looks at look-ups that have ended.
  void take_answers();
  /// Looks at attempts that have ended.
  Attempt* winner();
  /// Begins what may begin now.
  void begin_attempts();
  /// The next address that policy lets through becomes an attempt. False: there is none.
  bool begin_next();
  /// Before this, no attempt may begin, as far as is known.
  uint64_t may_begin_ms() const;
  bool over() const { return running_ == 0 && v4_.there && v6_.there && !more(); }
  bool more() const { return attempted_ < kMostAttempts && (v4_.left() || v6_.left()); }
  base::Error error() const;

  net::Resolver& resolver_;
  const OriginConfig& config_;
  const net::TcpOptions& tcp_;
  std::string_view host_;
  uint16_t port_;
  const http::Decision& decision_;

  async::Signal changed_;
  async::Alarm<async::Signal, &async::Signal::notify> alarm_;
  uint64_t deadline_ms_ = 0;  // Of all attempts, once there is one.
  uint64_t next_attempt_ms_ = 0;
  size_t running_ = 0;
  size_t attempted_ = 0;
  bool v6_next_ = true;
  std::optional<base::Error> refusal_;
  // Last, so that the tasks go first: they use the rest.
  Answer v4_, v6_;
  std::array<Attempt, kMostAttempts> attempts_;
};

}  // namespace weir::origin
