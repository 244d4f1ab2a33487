// Requests that wait for a connection to an origin that has as many as it may.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/event_loop.h"
#include "base/account.h"
#include "base/hash.h"

namespace weir::origin {

/// Of one worker; in order of arrival, by authority; bounded in all.
class OriginQueue {
 public:
  /// More than wait here are refused.
  static constexpr size_t kMost = 20'000;

  OriginQueue() = default;
  OriginQueue(const OriginQueue&) = delete;

  /// `const bool turn = co_await queue.wait(authority, deadline_ms);` true: try now; false: the
  /// time is over.
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
    const std::string_view authority_;  // The caller's, who outlives this.
    const uint64_t deadline_ms_;
    bool counted_ = false;
    bool late_ = false;
  };
  Waiting wait(std::string_view authority, uint64_t deadline_ms) {
    return {*this, authority, deadline_ms};
  }
  bool full() const { return count_ >= kMost; }
  bool anyone_for(std::string_view authority) const { return count_ > 0 && has(authority); }
  /// A connection to `authority` has become free here, or was closed.
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
