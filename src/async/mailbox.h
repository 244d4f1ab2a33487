// Messages from other threads to a worker's loop.
#pragma once
#include <functional>
#include <mutex>
#include <vector>

#include "async/event_loop.h"

namespace weir::async {

/// Made on the worker's thread; must not outlive its loop. Posted functions run on the worker,
/// between coroutines. For rare messages, never one per request: from the thread that controls the
/// process, from another worker that needs room, from the pool's threads when they are done.
class Mailbox final : public EventSink {
 public:
  Mailbox();
  Mailbox(const Mailbox&) = delete;
  ~Mailbox();
  /// Any thread.
  void post(std::function<void()> letter);

 private:
  void on_events(uint32_t epoll_events) override;

  int event_;
  int64_t slot_;
  std::mutex mutex_;
  std::vector<std::function<void()>> letters_;
};

}  // namespace weir::async
