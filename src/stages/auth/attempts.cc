#include "stages/auth/attempts.h"

#include <algorithm>
#include <iterator>

namespace weir::auth {
namespace {
base::IpAddress key_of(const base::IpAddress& address) {
  return address.is_v4() ? address : base::Cidr(address, 64).address();
}
}  // namespace

Attempts::Part Attempts::join(const base::IpAddress& address, std::string_view user,
                              const Print& print, uint64_t now_ms) {
  const base::IpAddress key = key_of(address);
  std::lock_guard lock(mutex_);
  if (now_ms >= swept_ms_ + kDelayMs) {
    swept_ms_ = now_ms;
    for (auto at = clients_.begin(); at != clients_.end();) {
      serve(at->second, now_ms);
      at = at->second.tries.empty() ? clients_.erase(at) : std::next(at);
    }
  }
  if (clients_.size() >= kMostClients && !clients_.contains(key)) return {};
  Client& client = clients_[key];
  serve(client, now_ms);
  for (const auto& each : client.tries) {
    if (each->ended() || each->print != print) continue;
    ++each->parts;
    return Part(this, key, each);
  }
  auto added = std::allocate_shared<Try>(base::Charged<Try>());
  added->user = user;
  added->print = print;
  added->parts = 1;
  client.tries.push_back(added);
  ++waiting_;
  serve(client, now_ms);
  if (added->state == Try::State::waits) {
    const auto waits = [](const auto& each) { return each->state == Try::State::waits; };
    const auto of_name = [&](const auto& each) { return waits(each) && each->user == user; };
    if (waiting_ > kMostWaitingInAll ||
        std::ranges::count_if(client.tries, waits) > static_cast<ptrdiff_t>(kMostWaiting) ||
        std::ranges::count_if(client.tries, of_name) > static_cast<ptrdiff_t>(kMostOfName)) {
      client.tries.pop_back();
      --waiting_;
      return {};
    }
  }
  return Part(this, key, std::move(added));
}

void Attempts::set_state(Try& changed, Try::State state) {
  if (changed.state == Try::State::waits) --waiting_;
  changed.state = state;
}

void Attempts::serve(Client& client, uint64_t now_ms) {
  std::erase_if(client.tries,
                [&](const auto& each) { return each->ended() && each->until_ms <= now_ms; });
  const auto has_place = [](const auto& each) { return each->state != Try::State::waits; };
  for (auto taken = std::ranges::count_if(client.tries, has_place);
       taken < static_cast<ptrdiff_t>(kMostAtOnce); ++taken) {
    Try* next = nullptr;
    ptrdiff_t fewest = 0;
    for (const auto& each : client.tries) {
      if (has_place(each)) continue;
      const auto has = std::ranges::count_if(client.tries, [&](const auto& other) {
        return has_place(other) && other->user == each->user;
      });
      if (next && has >= fewest) continue;
      next = each.get();
      fewest = has;
    }
    if (!next) return;
    set_state(*next, Try::State::granted);
  }
}

size_t Attempts::clients() {
  std::lock_guard lock(mutex_);
  return clients_.size();
}

size_t Attempts::waiting() {
  std::lock_guard lock(mutex_);
  return waiting_;
}

Attempts::Part& Attempts::Part::operator=(Part&& other) noexcept {
  leave(false);
  attempts_ = std::exchange(other.attempts_, nullptr);
  client_ = other.client_;
  try_ = std::move(other.try_);
  checks_ = other.checks_;
  until_ms_ = other.until_ms_;
  return *this;
}

Attempts::Stand Attempts::Part::stand(uint64_t now_ms) {
  std::lock_guard lock(attempts_->mutex_);
  if (try_->state == Try::State::waits) {
    if (const auto at = attempts_->clients_.find(client_); at != attempts_->clients_.end())
      attempts_->serve(at->second, now_ms);
  }
  switch (try_->state) {
    case Try::State::granted:
      attempts_->set_state(*try_, Try::State::checked);
      checks_ = true;
      try_->until_ms = until_ms_ = now_ms + kDelayMs;
      return Stand::checks;
    case Try::State::wrong: until_ms_ = try_->until_ms; return Stand::wrong;
    case Try::State::over: return Stand::over;
    default: return Stand::waits;
  }
}

void Attempts::Part::wrong() {
  std::lock_guard lock(attempts_->mutex_);
  if (checks_) attempts_->set_state(*try_, Try::State::wrong);
}

void Attempts::Part::leave(bool free) {
  if (!attempts_) return;
  Attempts& attempts = *std::exchange(attempts_, nullptr);
  std::lock_guard lock(attempts.mutex_);
  --try_->parts;
  const bool unseen =
      try_->parts == 0 && !checks_ && !try_->ended() && try_->state != Try::State::checked;
  if (checks_ && free) try_->until_ms = 0;
  if (unseen || (checks_ && !try_->ended())) attempts.set_state(*try_, Try::State::over);
  const auto at = attempts.clients_.find(client_);
  if (at == attempts.clients_.end()) return;
  // A try whose place stays taken is dropped by serve(), once its time is over.
  if (try_->ended() && try_->until_ms == 0) std::erase(at->second.tries, try_);
  if (at->second.tries.empty()) attempts.clients_.erase(at);
}

}  // namespace weir::auth
