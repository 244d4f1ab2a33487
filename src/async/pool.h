// Threads for what takes longer than a worker may: a worker never runs for more than about a
// millisecond at a stretch.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "async/mailbox.h"
#include "async/wait.h"

namespace weir::async {

/// A piece of work. It owns its input and its result, so that whoever asked for it may be gone;
/// made with plain new, since it may be destroyed on any thread. Nobody looks at the result before
/// it has come back.
class Work {
 public:
  virtual ~Work() = default;
  /// On a thread of the pool. Throws nothing.
  virtual void run() = 0;
  /// Nobody waits for it any more: it is dropped if it has not begun.
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> abandoned_{false};
};

/// Threads that are started by the first work, and joined by the destructor, which drops what has
/// not begun. Outlives its ports' work, not the ports. Any thread.
class Pool {
 public:
  Pool(size_t threads, size_t most_waiting) : count_(threads), most_waiting_(most_waiting) {}
  Pool(const Pool&) = delete;
  ~Pool();

  static constexpr size_t kMostUrgent = 8;

  struct Load {
    size_t waiting = 0;
    /// From when a thread takes it until its ticket is in its worker's mailbox.
    size_t running = 0;
    friend bool operator==(const Load&, const Load&) = default;
  };
  /// As it is this moment, those that were abandoned and not yet dropped included.
  Load load();

 private:
  friend class PoolPort;
  /// Where results go: null once the worker has gone.
  struct Channel {
    std::mutex mutex;
    class PoolPort* port = nullptr;
  };
  struct Job {
    std::shared_ptr<Work> work;
    std::shared_ptr<Channel> channel;
    uint64_t ticket;
  };
  /// False: the queue is full, or no thread could be started. What is urgent goes first, and finds
  /// room in a full queue too.
  bool submit(Job job, bool urgent);
  void run();
  static bool deliver(const Job& job);

  const size_t count_;
  const size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> waiting_;
  size_t running_ = 0;
  std::vector<std::thread> threads_;
  bool ends_ = false;
};

/// A worker's door to a pool. What comes back is a ticket: one whose task has gone is dropped. Of
/// one worker; neither waits for anything in its destructor.
class PoolPort {
 public:
  PoolPort(Pool& pool, Mailbox& mailbox);
  PoolPort(const PoolPort&) = delete;
  ~PoolPort();

  /// `const bool done = co_await port.done(work);` False: the pool is full, nothing was done.
  /// Destroying it abandons the work.
  class Done final : public Wait {
   public:
    Done(PoolPort& port, std::shared_ptr<Work> work, bool urgent)
        : port_(port), work_(std::move(work)), urgent_(urgent) {}
    ~Done();
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> handle);
    bool await_resume() const { return taken_; }

   private:
    PoolPort& port_;
    std::shared_ptr<Work> work_;
    uint64_t ticket_ = 0;
    const bool urgent_;
    bool taken_ = false;
  };
  Done done(std::shared_ptr<Work> work) { return Done(*this, std::move(work), false); }
  /// The same for rare and short work: before all that waits, of which there may be kMostUrgent too
  /// many then.
  Done done_first(std::shared_ptr<Work> work) { return Done(*this, std::move(work), true); }

 private:
  friend class Pool;
  void complete(uint64_t ticket);

  Pool& pool_;
  Mailbox& mailbox_;
  const std::shared_ptr<Pool::Channel> channel_;
  // Tickets are never used again.
  uint64_t last_ticket_ = 0;
  std::unordered_map<uint64_t, Wait*> waiting_;
};

}  // namespace weir::async
