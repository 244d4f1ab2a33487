#include "origin/connect/connector_race.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "origin/connect/connector_error.h"

namespace weir::origin {

ConnectRace::ConnectRace(net::Resolver& resolver, const OriginConfig& config,
                         const net::TcpOptions& tcp, std::string_view host, uint16_t port,
                         const http::Decision& decision)
    : resolver_(resolver),
      config_(config),
      tcp_(tcp),
      host_(host),
      port_(port),
      decision_(decision),
      alarm_(changed_) {
  v4_.family = base::IpFamily::v4;
  v6_.family = base::IpFamily::v6;
}

async::Task<base::Result<Connected>> ConnectRace::run() {
  begin_look_up(v6_);
  begin_look_up(v4_);
  for (;;) {
    const auto seen = changed_.version();
    take_answers();
    if (Attempt* won = winner())
      co_return Connected{std::move(won->result.stream), won->to, won->source,
                          std::move(won->aliases)};
    begin_attempts();
    if (changed_.version() != seen) continue;  // An attempt or a look-up ended at once.
    if (over()) co_return std::unexpected(error());
    if (more()) {
      alarm_.set(running_ > 0 ? next_attempt_ms_ : may_begin_ms());
    } else {
      alarm_.clear();
    }
    co_await changed_.changed(seen);
  }
}

void ConnectRace::begin_look_up(Answer& answer) {
  if (const net::Lookup* known = resolver_.cached(host_, answer.family)) {
    answer.lookup = *known;
    answer.there = true;
    answer.came_ms = async::EventLoop::current().now_ms();
    return;
  }
  answer.task = look_up(answer);
  answer.task.start(this);
}

void ConnectRace::take_answers() {
  for (Answer* answer : {&v6_, &v4_}) {
    if (answer->there || !answer->task || !answer->task.done()) continue;
    answer->there = true;
    answer->came_ms = async::EventLoop::current().now_ms();
  }
}

async::Task<void> ConnectRace::look_up(Answer& answer) {
  answer.lookup = co_await resolver_.lookup(std::string(host_), answer.family);
}

async::Task<void> ConnectRace::attempt(Attempt& attempt) {
  attempt.result.error = -ENOMEM;  // In case an exception ends the attempt.
  attempt.result = co_await net::connect(attempt.to, deadline_ms_, tcp_);
}

ConnectRace::Attempt* ConnectRace::winner() {
  for (size_t i = 0; i < attempted_; ++i) {
    Attempt& attempt = attempts_[i];
    if (!attempt.done() || attempt.counted) continue;
    if (attempt.result.stream) return &attempt;
    attempt.counted = true;
    --running_;
    next_attempt_ms_ = 0;
  }
  return nullptr;
}

uint64_t ConnectRace::may_begin_ms() const {
  if (attempted_ > 0 || v6_.there) return 0;
  return v4_.there ? v4_.came_ms + config_.resolution_delay_ms : async::Deadline::kNever;
}

void ConnectRace::begin_attempts() {
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  while (more() && may_begin_ms() <= now_ms && (running_ == 0 || next_attempt_ms_ <= now_ms)) {
    // Attempts end at the limit, and further addresses are not tried after it.
    if (deadline_ms_ != 0 && now_ms >= deadline_ms_) {
      v4_.next = v4_.lookup.count;
      v6_.next = v6_.lookup.count;
      return;
    }
    if (!begin_next()) return;
    next_attempt_ms_ = now_ms + config_.attempt_delay_ms;
    if (attempts_[attempted_ - 1].done()) return;
  }
}

bool ConnectRace::may_use(Answer& answer) {
  if (answer.aliases_asked || !answer.lookup.aliases) return true;
  answer.aliases_asked = true;
  auto allowed = decision_.check_aliases(*answer.lookup.aliases);
  if (allowed) return true;
  if (!refusal_) refusal_ = std::move(allowed).error();
  answer.next = answer.lookup.count;
  return false;
}

bool ConnectRace::begin_next() {
  while (more()) {
    Answer& answer = (v6_next_ && v6_.left()) || !v4_.left() ? v6_ : v4_;
    if (!may_use(answer)) continue;
    const base::IpAddress address = answer.lookup.found[answer.next++];
    if (auto allowed = decision_.check_address(answer.lookup.source, address, port_); !allowed) {
      if (!refusal_) refusal_ = std::move(allowed).error();
      continue;
    }
    v6_next_ = &answer == &v4_;
    if (deadline_ms_ == 0)
      deadline_ms_ = async::EventLoop::current().now_ms() + config_.connect_timeout_ms;
    Attempt& next = attempts_[attempted_++];
    ++running_;
    next.to = {address, port_};
    next.source = answer.lookup.source;
    next.aliases = answer.lookup.aliases;
    next.task = attempt(next);
    next.task.start(this);
    return true;
  }
  return false;
}

base::Error ConnectRace::error() const {
  // The name leads to Weir itself: report that, even if another of its addresses failed.
  if (refusal_ && refusal_->rule() == "own address") return *refusal_;
  const Attempt* most = nullptr;
  for (size_t i = 0; i < attempted_; ++i) {
    if (!most || telling(-attempts_[i].result.error) > telling(-most->result.error))
      most = &attempts_[i];
  }
  if (most) return connect_error(host_, most->to, -most->result.error);
  if (refusal_) return *refusal_;
  return dns_failure(host_, v4_.lookup.outcome, v6_.lookup.outcome);
}

}  // namespace weir::origin
