// Requests that wait for a connection to an origin whose connections are all in use.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/event_loop.h"
#include "base/account.h"
#include "base/hash.h"

namespace weir::origin {

/// One per worker. In order of arrival for each authority; the total is bounded.
class OriginQueue {
 public:
  /// Limit of waiting requests; further ones are refused.
  static constexpr size_t kMost = 20'000;

  OriginQueue() = default;
  OriginQueue(const OriginQueue&) = delete;

  /// `const bool turn = co_await queue.wait(authority, deadline_ms);` True: try now. False: the
  /// deadline has passed.
  class Waiting final : public async::Wait {
   public:
    Waiting(OriginQueue& queue, std::string_view authority, uint64_t deadline_ms)
        : queue_(queue), authority_(authority), deadline_ms_(deadline_ms) {}
    ~Waiting() { leave(); }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    bool await_resume() {
      leave();
      return !late_;
    }

   private:
    friend class OriginQueue;
    void leave();
    OriginQueue& queue_;
    const std::string_view authority_;  // Owned by the caller, outlives this.
    const uint64_t deadline_ms_;
    bool counted_ = false;
    bool late_ = false;
  };
  Waiting wait(std::string_view authority, uint64_t deadline_ms) {
    return {*this, authority, deadline_ms};
  }
  bool full() const { return count_ >= kMost; }
  bool anyone_for(std::string_view authority) const { return count_ > 0 && has(authority); }
  /// A connection to `authority` has become free in this worker, or was closed.
  void wake_one(std::string_view authority);

 private:
  bool has(std::string_view authority) const;
  void sweep();

  std::unordered_map<std::string, async::Link, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string, async::Link>>>
      by_authority_;
  size_t count_ = 0;
  async::Alarm<OriginQueue, &OriginQueue::sweep> sweep_{*this};
};

}  // namespace weir::origin
