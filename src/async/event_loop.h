// One worker's loop: readiness from epoll (edge-triggered), deadlines, and the list of coroutines
// that are ready.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "async/deadline.h"
#include "async/task.h"
#include "async/wait.h"
#include "base/account.h"
#include "base/callback.h"

namespace weir::async {

/// Receives epoll's events from the loop. Its slot in the loop's table has a generation, so that
/// events for a sink that is gone are dropped.
class EventSink {
 public:
  virtual void on_events(uint32_t epoll_events) = 0;

 protected:
  ~EventSink() = default;
};

class EventLoop {
 public:
  /// One loop per thread; the constructor makes it current. `on_descriptor_closed`: see
  /// descriptor_closed().
  explicit EventLoop(base::Callback<> on_descriptor_closed = {});
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  static EventLoop& current() { return *current_; }

  /// Runs turns until stop(), which must be called on this thread.
  void run();
  void stop() { stopped_ = true; }
  /// One turn: waits at most `wait_ms` (-1: until something happens), then runs what is ready.
  /// False if nothing was. Not inlined: bench/run counts the instructions inside it.
  [[gnu::noinline]] bool turn(int wait_ms);

  /// Number of turns so far. Within a turn, the kernel is asked only at the beginning what has
  /// become readable.
  uint64_t turns() const { return turns_; }
  /// Time of this turn, base::monotonic_ms.
  uint64_t now_ms() const { return now_ms_; }
  TimerWheel& wheel() { return wheel_; }

  /// Moves `wait` to the end of the ready list, out of any list that it is in.
  void make_ready(Wait& wait) {
    wait.unlink();
    wait.link_before(ready_);
  }
  /// Moves `write` behind all that is ready in this turn, out of any list that it is in. Small
  /// writes are then made one after another, and their coroutines resume only when all have been
  /// tried.
  void write_together(Wait& write) {
    write.unlink();
    write.link_before(writes_);
  }
  /// Destroys the finished task of `root` at the end of this turn.
  void reap(Link& root) {
    root.unlink();
    root.link_before(finished_);
  }
  using Reap = void (*)(Link&);

  /// Every stream operation calls this, and so does all that computes: see Worked. False: the
  /// coroutine's budget for this turn is spent, and the operation has to go to the end of the ready
  /// list.
  bool spend(size_t bytes = 0) {
    bytes_left_ -= static_cast<int64_t>(bytes);
    return --operations_left_ >= 0 && bytes_left_ >= 0;
  }

  /// Registers a descriptor for all events, edge-triggered. Returns its slot, or -errno.
  int64_t add(int descriptor, EventSink& sink);
  void remove(int64_t slot);

  /// To be called when this thread has closed a descriptor: those that failed with EMFILE may try
  /// again.
  void descriptor_closed() const {
    if (on_descriptor_closed_) on_descriptor_closed_();
  }

  /// The longest time that a coroutine has run without returning to the loop, in microseconds.
  uint64_t longest_stretch_us() const;

  /// For tests: chooses which of the ready coroutines, or of the writes, is next, given their
  /// number.
  void set_picker(std::function<size_t(size_t)> picker) { picker_ = std::move(picker); }
  /// False: the budget is spent, and spend() would say so. Code that must not wait (Body::try_read)
  /// then leaves the work to code that can.
  bool has_budget() const { return operations_left_ > 0 && bytes_left_ >= 0; }
  bool idle() const { return !ready_.linked() && !writes_.linked(); }

 private:
  struct Slot {
    EventSink* sink = nullptr;
    uint32_t generation = 0;
  };
  struct Stretch;
  void run_ready();
  void run_writes();
  Wait& take_one(Link& from) const;
  void reap_finished();

  static constexpr int kOperationsPerTurn = 64;
  static constexpr int64_t kBytesPerTurn = 256 * 1024;
  static constexpr int kEventsPerTurn = 256;
  static constexpr uint64_t kSleptMs =
      300;  // A turn that is late by more than this means that the process was stopped.
  static constexpr int kHalfLooks = 64;  // At most so many turns skip the deadlines.

  static thread_local EventLoop* current_;
  const base::Callback<> on_descriptor_closed_;
  int epoll_;
  bool stopped_ = false;
  int operations_left_ = kOperationsPerTurn;
  int64_t bytes_left_ = kBytesPerTurn;
  uint64_t now_ms_;
  uint64_t turns_ = 0;
  int half_looks_ = 0;
  TimerWheel wheel_;
  Link ready_;
  Link writes_;
  Link finished_;
  std::vector<Slot, base::Charged<Slot>> slots_;
  std::vector<uint32_t, base::Charged<uint32_t>> free_slots_;
  uint64_t longest_ticks_ = 0;
  uint64_t started_ticks_, started_us_;
  std::function<size_t(size_t)> picker_;
};

/// Waits for its next turn: `co_await Yield();`
class Yield : public Wait {
 public:
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    EventLoop::current().make_ready(*this);
  }
  void await_resume() {}
};

/// Work that was done without a stream operation, so that a task that computes leaves others their
/// turn: `co_await Worked(bytes);` after each piece, of 16 KiB or so. It spends from the budget,
/// and waits for the next turn only if nothing is left. `bytes` is what the work has read or made,
/// whichever is more. The budget of 256 KiB stands for about a millisecond, so work that takes more
/// than 4 ns for a byte says a multiple. Work on bytes that this coroutine has just read from a
/// stream, and that costs no more than reading them, is spent already.
class Worked final : public Yield {
 public:
  explicit Worked(size_t bytes) : within_budget_(EventLoop::current().spend(bytes)) {}
  bool await_ready() const { return within_budget_; }

 private:
  const bool within_budget_;
};

/// Waits until a time: `co_await Sleep(loop.now_ms() + 50);`
class Sleep final : public Wait {
 public:
  explicit Sleep(uint64_t until_ms) : until_ms_(until_ms), deadline_(*this) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    deadline_.set(until_ms_);
  }
  void await_resume() {}

 private:
  struct Alarm : Deadline {
    explicit Alarm(Sleep& sleep)
        : Deadline([](Deadline& self) {
            EventLoop::current().make_ready(static_cast<Alarm&>(self).sleep);
          }),
          sleep(sleep) {}
    Sleep& sleep;
  };
  uint64_t until_ms_;
  Alarm deadline_;
};

/// Owns tasks that outlive the function that starts them. A finished task is destroyed at the end
/// of the turn in which it finished; destroying the scope cancels the others. Used by one worker;
/// must not outlive its loop.
class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  ~TaskScope() { cancel_all(); }
  void spawn(Task<void> task);
  void cancel_all();
  size_t size() const { return size_; }

 private:
  friend class EventLoop;
  struct Node;
  Link running_;
  size_t size_ = 0;
};

}  // namespace weir::async
