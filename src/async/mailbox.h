// Words from another thread to a worker's loop.
#pragma once
#include <functional>
#include <mutex>
#include <vector>

#include "async/event_loop.h"

namespace weir::async {

/// Made on the worker's thread, outlived by its loop. What is posted runs on the worker, between
/// coroutines. For rare words: of whoever controls the process, of another worker that needs room,
/// of the pool's threads when they are done; none for each request.
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
