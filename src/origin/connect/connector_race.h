// Happy Eyeballs, version 2 (RFC 8305): look-ups and attempts to connect that run in parallel.
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

/// One race to one host. Both families are looked up at the same time. Attempts begin when the IPv6
/// answer is there, or one resolution delay after the IPv4 answer. Families take turns, IPv6 first.
/// The next attempt begins when the attempt delay has passed or an attempt has failed. The first
/// connection wins, and destroying the race ends the other attempts.
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
    bool aliases_asked = false;
    uint8_t next = 0;  // Index of the first address that was not tried.
    uint64_t came_ms = 0;
    async::Task<void> task;
    bool left() const { return there && next < lookup.count; }
  };
  struct Attempt {
    base::Endpoint to;
    base::AddressSource source = base::AddressSource::dns;
    base::Ref<const http::Aliases> aliases;
    net::Connecting result;
    bool counted = false;
    async::Task<void> task;
    bool done() const { return task && task.done(); }
  };
  async::Task<void> look_up(Answer& answer);
  async::Task<void> attempt(Attempt& attempt);
  void begin_look_up(Answer& answer);
  /// A look-up or an attempt has ended, with or without success.
  void finished() noexcept override { changed_.notify(); }
  /// Notes which look-ups have ended.
  void take_answers();
  /// Counts the attempts that have failed; returns one that has connected, or null.
  Attempt* winner();
  /// Begins the attempts that may begin now.
  void begin_attempts();
  /// Whether policy allows the names that led to the answer's addresses. If it does not, none of
  /// them is tried.
  bool may_use(Answer& answer);
  /// Begins an attempt to the next address that policy allows. False if there is none.
  bool begin_next();
  /// The earliest time at which an attempt may begin, as far as is known now.
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
  uint64_t deadline_ms_ = 0;  // For all attempts; set when the first one begins.
  uint64_t next_attempt_ms_ = 0;
  size_t running_ = 0;
  size_t attempted_ = 0;
  bool v6_next_ = true;
  std::optional<base::Error> refusal_;
  // Last members, so that their tasks are destroyed first: the tasks use the others.
  Answer v4_, v6_;
  std::array<Attempt, kMostAttempts> attempts_;
};

}  // namespace weir::origin
