// One client of the control socket.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "control/command.h"
#include "control/descriptor.h"
#include "control/job.h"
#include "control/runner.h"

namespace weir::control {

/// What a client needs to know of the socket and its other clients.
struct Surroundings {
  const Commands& commands;
  Runner& runner;
  const std::shared_ptr<Bell>& bell;
  /// Bytes that the bodies of all clients may still take.
  size_t body_room;
  /// Another slow command or streamed answer may begin.
  bool long_room;
  /// Set when a quick command has run.
  bool has_run = false;
};

/// Receives a request, has it answered, and sends the answer as the client takes it. Used by the
/// thread that serves the socket; never waits.
class Client {
 public:
  explicit Client(int descriptor);

  /// What poll() waits for; -1: the client has gone, and its step still runs.
  int descriptor() const { return descriptor_.get(); }
  short events() const;
  /// When the client is too slow. UINT64_MAX: Weir keeps it waiting, not the other way round.
  uint64_t until_ms() const { return until_ms_; }
  /// True if advance() has something to do whether or not there were events.
  bool woken() const;
  /// Does what can be done now. False: the client is finished, gone or too slow.
  bool advance(short events, Surroundings& around);

  /// Closes the connection, and asks a command that still runs to stop.
  void leave();

  /// Bytes that are set aside for its body.
  size_t body_bytes() const { return body_length_; }
  /// True if it has a slow command or a streamed answer.
  bool is_long() const { return job_ && (is_slow() || job_->source); }
  /// True if its answer is being made, or is being taken. An answer that goes on `later` and one
  /// that the client does not take do not count.
  bool is_owed(uint64_t now_ms) const;

 private:
  enum class Phase : uint8_t { line, body, away, send, later };
  bool is_slow() const { return job_->command.pace == Pace::slow; }
  bool in_time() const;
  bool receive(Surroundings& around);
  bool receive_line(size_t new_from, Surroundings& around);
  bool receive_body(Surroundings& around);
  /// Chooses the command. Returns empty, or why there is none to run.
  std::string accept(std::string_view line, const Surroundings& around);
  bool start(Surroundings& around);
  bool step(Surroundings& around);
  bool step_aside(Surroundings& around);
  /// Sends what the step has left.
  bool proceed();
  bool send_piece();
  bool refuse(std::string_view why);

  Descriptor descriptor_;
  Phase phase_ = Phase::line;
  uint64_t until_ms_;
  uint64_t body_until_ms_ = 0;
  uint64_t patience_ms_;
  /// When the client last took something.
  uint64_t taken_ms_ = 0;
  std::string received_;
  size_t body_length_ = 0;
  std::shared_ptr<Job> job_;
  /// How much of the piece is sent.
  size_t sent_ = 0;
};

}  // namespace weir::control
