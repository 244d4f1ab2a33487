// Runs c-ares on the event loop. Only resolver_channel.cc includes c-ares.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/deadline.h"
#include "base/ip.h"
#include "base/ref.h"

struct ares_channeldata;

namespace weir::net {

/// Sends questions to name servers over UDP, and over TCP if an answer is truncated. c-ares chooses
/// ids, repeats questions and moves on to the next server. It reads no file: servers and time-outs
/// are given. Used on one worker's thread.
class ResolverChannel {
 public:
  enum class Said : uint8_t {
    answer,  // A message with an answer, or one that says that there is none.
    no_such_name,
    no_data,
    failed,
    timed_out,
    no_descriptor,
    nothing,  // The channel is being destroyed.
  };
  /// The one that asks. The channel keeps it until it calls said(), exactly once, perhaps within
  /// ask().
  class Asker : public base::Counted<Asker> {
   public:
    virtual ~Asker() = default;
    /// `message` is valid only during the call. May ask again, but must not destroy the channel.
    virtual void said(Said what, std::string_view message) = 0;
  };
  struct Options {
    uint64_t timeout_ms;
    uint32_t tries;
  };

  /// Null if c-ares can't start or is out of memory.
  static std::unique_ptr<ResolverChannel> make(std::span<const base::Endpoint> servers,
                                               Options options);
  /// Calls said() with `nothing` for each open question.
  ~ResolverChannel();

  void ask(const std::string& name, base::IpFamily family, base::Ref<Asker> asker);
  /// How many questions have been asked here in total, and how many are open.
  uint32_t asked() const { return asked_; }
  uint32_t open() const { return open_; }
  /// c-ares is being called: the channel must not be destroyed now.
  bool busy() const { return busy_; }

 private:
  class Socket;
  struct Question;
  struct Calls;  // The functions that c-ares calls.
  struct Alarm : async::Deadline {
    explicit Alarm(ResolverChannel& channel);
    ResolverChannel& channel;
  };

  ResolverChannel();
  Socket* find(int descriptor);
  /// Lets c-ares read and write where sockets are ready, then sets the alarm.
  void work();

  static constexpr int kMostRounds = 64;
  static constexpr int kMostReads = 64;

  ares_channeldata* channel_ = nullptr;
  std::vector<std::unique_ptr<Socket>> sockets_;
  Alarm alarm_;
  uint32_t asked_ = 0;
  uint32_t open_ = 0;
  int reads_left_ = 0;
  bool busy_ = false;
  bool no_descriptor_ = false;  // For the last socket that c-ares wanted.
};

}  // namespace weir::net
