// Threads for work that takes longer than a worker may run at a stretch, which is about a
// millisecond.
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
#include "base/niceness.h"

namespace weir::async {

/// A piece of work. It owns its input and its result, so that it may outlive the task that asked
/// for it. It is made with plain new, since it may be destroyed on any thread. The result must not
/// be read before the work has come back.
class Work {
 public:
  virtual ~Work() = default;
  /// Runs on a thread of the pool. Must not throw.
  virtual void run() = 0;
  /// No task waits for the work any more: it is dropped if it has not begun.
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> abandoned_{false};
};

/// Threads that are started by the first work, and joined by the destructor, which drops what has
/// not begun. Each kind of work has a pool of its own, with its own number of threads, limit of
/// waiting work and niceness. The pool must outlive its ports' work, but not the ports. Any thread.
class Pool {
 public:
  Pool(size_t threads, size_t most_waiting, base::Niceness niceness = base::kBehindWorkers)
      : count_(threads), most_waiting_(most_waiting), niceness_(niceness) {}
  Pool(const Pool&) = delete;
  ~Pool();

  static constexpr size_t kMostUrgent = 8;

  struct Load {
    size_t waiting = 0;
    /// Work counts here from when a thread takes it until its ticket is in its worker's mailbox.
    size_t running = 0;
    friend bool operator==(const Load&, const Load&) = default;
  };
  /// The load at this moment, including work that was abandoned and not yet dropped.
  Load load();

 private:
  friend class PoolPort;
  /// Where results go; `port` is null once the worker's port has gone.
  struct Channel {
    std::mutex mutex;
    class PoolPort* port = nullptr;
  };
  struct Job {
    std::shared_ptr<Work> work;
    std::shared_ptr<Channel> channel;
    uint64_t ticket;
  };
  /// False: the queue is full, or no thread could be started. Urgent jobs go first, and up to
  /// kMostUrgent of them find room in a full queue.
  bool submit(Job job, bool urgent);
  void run();
  static bool deliver(const Job& job);

  const size_t count_;
  const size_t most_waiting_;
  const base::Niceness niceness_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> waiting_;
  size_t running_ = 0;
  std::vector<std::thread> threads_;
  bool ends_ = false;
};

/// A worker's access to a pool. Finished work comes back as a ticket, which is dropped if its task
/// has gone. Used by one worker. Neither this nor Done waits for the pool in its destructor.
class PoolPort {
 public:
  PoolPort(Pool& pool, Mailbox& mailbox);
  PoolPort(const PoolPort&) = delete;
  ~PoolPort();

  /// `const bool done = co_await port.done(work);` False: the pool is full, and nothing was done.
  /// Destroying the Done abandons the work.
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
  /// The same for rare and short work. It goes before all work that waits, and may exceed the
  /// queue's limit by up to kMostUrgent.
  Done done_first(std::shared_ptr<Work> work) { return Done(*this, std::move(work), true); }

 private:
  friend class Pool;
  void complete(uint64_t ticket);

  Pool& pool_;
  Mailbox& mailbox_;
  const std::shared_ptr<Pool::Channel> channel_;
  // Tickets are never reused.
  uint64_t last_ticket_ = 0;
  std::unordered_map<uint64_t, Wait*> waiting_;
};

}  // namespace weir::async
