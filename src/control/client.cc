#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "base/clock.h"

namespace weir::control {
namespace {

/// For the first line; for silence within a body; for a text to be taken.
constexpr uint64_t kPatienceMs = 1000;
constexpr uint64_t kBodyPatienceMs = 30'000;
/// How long a client may take nothing of a stream: somebody reads it page by page.
constexpr uint64_t kStreamPatienceMs = 60'000;
constexpr size_t kBufferBytes = 16 * 1024;
/// How much of a line that is not understood is repeated in the answer.
constexpr size_t kShownBytes = 40;
constexpr const char* kNoRoom = "there is no room for another long command: try again later";

std::string unknown(std::string_view line) {
  return "unknown word: " + std::string(line.substr(0, kShownBytes));
}

}  // namespace

Client::Client(int descriptor)
    : descriptor_(descriptor),
      until_ms_(base::monotonic_ms() + kPatienceMs),
      patience_ms_(kPatienceMs) {}

short Client::events() const {
  switch (phase_) {
    case Phase::line:
    case Phase::body: return POLLIN;
    case Phase::send: return POLLOUT;
    case Phase::away:
    case Phase::later: break;
  }
  return 0;  // The client's end is reported even so.
}

bool Client::woken() const {
  return (phase_ == Phase::away && !job_->away.load()) ||
         (phase_ == Phase::later && job_->wake->rung());
}

bool Client::is_owed(uint64_t now_ms) const {
  return (phase_ == Phase::away && descriptor_.get() >= 0) ||
         (phase_ == Phase::send && now_ms < taken_ms_ + kPatienceMs);
}

void Client::leave() {
  if (job_) job_->stop.request_stop();
  descriptor_.reset();
}

bool Client::in_time() const {
  return base::monotonic_ms() < until_ms_;
}

bool Client::advance(short events, Surroundings& around) try {
  switch (phase_) {
    case Phase::line:
    case Phase::body: return receive(around);
    case Phase::send: return job_->piece.empty() ? step(around) : send_piece();
    case Phase::later: return !(events & (POLLHUP | POLLERR)) && step(around);
    case Phase::away: break;
  }
  if (!job_->away.load()) return descriptor_.get() >= 0 && proceed();
  // The client has gone. It stays in the count of clients, with its body, until its step ends.
  leave();
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

bool Client::receive(Surroundings& around) {
  char buffer[kBufferBytes];
  const ssize_t n = recv(descriptor_.get(), buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return in_time();
  if (n <= 0) return false;
  const size_t before = received_.size();
  received_.append(buffer, static_cast<size_t>(n));
  return phase_ == Phase::line ? receive_line(before, around) : receive_body(around);
}

bool Client::receive_line(size_t new_from, Surroundings& around) {
  const size_t end = received_.find('\n', new_from);
  if (std::min(end, received_.size()) >= kLongestLine)
    return refuse("a command has at most " + std::to_string(kLongestLine - 1) + " bytes");
  if (end == std::string::npos) return in_time();
  const std::string why = accept(std::string_view(received_).substr(0, end), around);
  if (!why.empty()) return refuse(why);
  received_.erase(0, end + 1);
  phase_ = Phase::body;
  body_until_ms_ = base::monotonic_ms() + kBodyPatienceMs;
  return receive_body(around);
}

std::string Client::accept(std::string_view text, const Surroundings& around) {
  auto line = parse_request_line(text);
  if (!line) return std::move(line).error();
  const std::string_view name =
      line->words.empty() ? std::string_view() : std::string_view(line->words.front());
  const auto command = std::ranges::find(around.commands, name, &Command::name);
  if (command == around.commands.end()) return unknown(text);
  if (line->body_length && command->takes != Takes::body) return unknown(text);
  if (line->text != name && command->takes == Takes::nothing) return unknown(text);
  if (command->pace == Pace::slow && !around.long_room) return kNoRoom;
  const uint64_t length = line->body_length.value_or(0);
  if (length > kLargestBody)
    return "a body has at most " + std::to_string(kLargestBody) + " bytes, this one " +
           std::to_string(length);
  if (length > around.body_room)
    return "other requests have taken the room for bodies: try again later";
  job_ = std::make_shared<Job>(around.bell);
  job_->command = *command;
  job_->request.line = *std::move(line);
  body_length_ = length;
  return {};
}

bool Client::receive_body(Surroundings& around) {
  if (received_.size() < body_length_) {
    until_ms_ = std::min(base::monotonic_ms() + kPatienceMs, body_until_ms_);
    return in_time();
  }
  received_.resize(body_length_);
  job_->request.body = std::exchange(received_, {});
  return start(around);
}

bool Client::start(Surroundings& around) {
  if (is_slow()) return step_aside(around);
  job_->step();
  around.has_run = true;
  if (job_->source && !(around.long_room && around.bell->open())) return refuse(kNoRoom);
  return proceed();
}

bool Client::step(Surroundings& around) {
  if (is_slow()) return step_aside(around);
  job_->step();
  return proceed();
}

bool Client::step_aside(Surroundings& around) {
  if (!around.bell->open()) return refuse("there is no descriptor left to run this command");
  phase_ = Phase::away;
  until_ms_ = UINT64_MAX;
  return around.runner.add(job_) || refuse("there is no thread left to run this command");
}

bool Client::proceed() {
  if (job_->broken) return false;
  if (job_->source) patience_ms_ = kStreamPatienceMs;
  sent_ = 0;
  phase_ = Phase::send;
  taken_ms_ = base::monotonic_ms();
  until_ms_ = taken_ms_ + patience_ms_;
  return send_piece();
}

bool Client::send_piece() {
  const std::string_view left = std::string_view(job_->piece).substr(sent_);
  const ssize_t n = send(descriptor_.get(), left.data(), left.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
  if (n > 0) {
    sent_ += static_cast<size_t>(n);
    taken_ms_ = base::monotonic_ms();
    // A text has one time limit for all of it.
    if (patience_ms_ == kStreamPatienceMs) until_ms_ = taken_ms_ + patience_ms_;
  }
  if (sent_ < job_->piece.size()) return in_time();
  if (!job_->source) return false;
  job_->piece.clear();
  if (job_->next == Source::Next::later) {
    phase_ = Phase::later;
    until_ms_ = UINT64_MAX;
  }
  return true;
}

bool Client::refuse(std::string_view why) {
  job_ = std::make_shared<Job>(nullptr);
  job_->piece = why;
  job_->piece += '\n';
  body_length_ = 0;
  return proceed();
}

}  // namespace weir::control
