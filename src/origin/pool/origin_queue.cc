#include "origin/pool/origin_queue.h"

namespace weir::origin {
namespace {
/// How often to wake waiting requests: other workers free slots, too, without notifying this one.
constexpr uint64_t kSweepMs = 50;
}  // namespace

void OriginQueue::Waiting::await_suspend(std::coroutine_handle<> handle) {
  waiting = handle;
  auto at = queue_.by_authority_.find(authority_);
  if (at == queue_.by_authority_.end())
    at = queue_.by_authority_.try_emplace(std::string(authority_)).first;
  link_before(at->second);
  counted_ = true;
  ++queue_.count_;
  if (queue_.sweep_.due_ms() == async::Deadline::kNever)
    queue_.sweep_.set(async::EventLoop::current().now_ms() + kSweepMs);
}

void OriginQueue::Waiting::leave() {
  unlink();
  if (!counted_) return;
  counted_ = false;
  --queue_.count_;
}

bool OriginQueue::has(std::string_view authority) const {
  const auto at = by_authority_.find(authority);
  return at != by_authority_.end() && at->second.linked();
}

void OriginQueue::wake_one(std::string_view authority) {
  if (count_ == 0) return;
  const auto at = by_authority_.find(authority);
  if (at == by_authority_.end() || !at->second.linked()) return;
  async::EventLoop::current().make_ready(static_cast<async::Wait&>(*at->second.next()));
}

void OriginQueue::sweep() {
  auto& loop = async::EventLoop::current();
  for (auto at = by_authority_.begin(); at != by_authority_.end();) {
    async::Link& queue = at->second;
    while (queue.linked()) {
      auto& first = static_cast<Waiting&>(*queue.next());
      if (first.deadline_ms_ > loop.now_ms()) break;
      first.late_ = true;
      loop.make_ready(first);
    }
    if (queue.linked()) loop.make_ready(static_cast<async::Wait&>(*queue.next()));
    at = queue.linked() ? std::next(at) : by_authority_.erase(at);
  }
  if (count_ > 0) sweep_.set(loop.now_ms() + kSweepMs);
}

}  // namespace weir::origin
