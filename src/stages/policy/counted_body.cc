#include "stages/policy/counted_body.h"

#include <algorithm>
#include <utility>

#include "async/event_loop.h"

namespace weir::policy {

namespace {
constexpr uint64_t kLongestNapMs = 1000;
}  // namespace

bool CountedBody::pauses() const {
  return next_ms() > async::EventLoop::current().now_ms();
}

async::Task<base::Result<http::Chunk>> CountedBody::read() {
  if (!held_) {
    CO_TRY(held_, co_await counted_->read());
  }
  // Others have moved something meanwhile.
  while (!held_->bytes.empty() && pauses()) {
    // Not for long: a reload may have brought a higher rate.
    const uint64_t now_ms = async::EventLoop::current().now_ms();
    async::Sleep nap(std::min(next_ms(), now_ms + kLongestNapMs));
    co_await nap;
  }
  co_return portion();
}

std::optional<base::Result<http::Chunk>> CountedBody::try_read() {
  if (pauses()) return std::nullopt;
  if (!held_) {
    auto next = counted_->try_read();
    if (!next || !*next) return next;
    held_ = **std::move(next);
  }
  return portion();
}

bool CountedBody::can_send_to(async::ByteStream& to) const {
  const bool looks = of_ == Of::response && decision()->next_look(*exchange_, seen_) != UINT64_MAX;
  return !held_ && !exchange_->allowance && !looks && counted_->can_send_to(to);
}

base::Result<http::Chunk> CountedBody::portion() {
  base::Allowance* const allowance = exchange_->allowance.get();
  const size_t size = held_->bytes.size();
  const size_t part = allowance ? std::min(size, allowance->portion()) : size;
  if (part > 0) {
    CHECK_OK(look(part));
    if (allowance) {
      CHECK_OK(allowance->spend(part, async::EventLoop::current().now_ms()));
    }
  }
  if (part == size) return *std::exchange(held_, std::nullopt);
  http::Chunk chunk{.bytes = held_->bytes.front(part)};
  held_->bytes.drop_front(part);
  return chunk;
}

base::Result<void> CountedBody::look(size_t bytes) {
  const uint64_t before = std::exchange(seen_, seen_ + bytes);
  if (of_ == Of::response) exchange_->note().counted = seen_;
  if (of_ == Of::request || seen_ <= decision()->next_look(*exchange_, before)) return {};
  return decision()->check_content(*exchange_, seen_);
}

}  // namespace weir::policy
