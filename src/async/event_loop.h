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

/// Told by the loop what epoll saw. Its place in the loop's table is a ticket: events of one that
/// is gone are dropped.
class EventSink {
 public:
  virtual void on_events(uint32_t epoll_events) = 0;

 protected:
  ~EventSink() = default;
};

class EventLoop {
 public:
  /// One loop a thread; the constructor makes it current. `on_descriptor_closed`: see
  /// descriptor_closed().
  explicit EventLoop(base::Callback<> on_descriptor_closed = {});
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  static EventLoop& current() { return *current_; }

  /// Runs turns until stop(). stop() is for this thread.
  void run();
  void stop() { stopped_ = true; }
  /// One turn: waits at most `wait_ms` (-1: as long as nothing happens), then runs what is ready.
  /// False if nothing was. Not inlined: bench/run counts the instructions inside it.
  [[gnu::noinline]] bool turn(int wait_ms);

  /// Counts the turns: within one, nobody has asked the kernel what became readable since it began.
  uint64_t turns() const { return turns_; }
  /// Time of this turn, base::monotonic_ms.
  uint64_t now_ms() const { return now_ms_; }
  TimerWheel& wheel() { return wheel_; }

  /// Puts it at the end of the ready list, out of any list it is in.
  void make_ready(Wait& wait) {
    wait.unlink();
    wait.link_before(ready_);
  }
  /// Puts it behind all that is ready in this turn, out of any list it is in: small writes go out
  /// one after another then, and only when all have been tried does the first that has got on go
  /// on.
  void write_together(Wait& write) {
    write.unlink();
    write.link_before(writes_);
  }
  /// Destroys what `root` stands for at the end of this turn.
  void reap(Link& root) {
    root.unlink();
    root.link_before(finished_);
  }
  using Reap = void (*)(Link&);

  /// Every stream operation asks for its share; false: the turn's budget is spent, go to the end of
  /// the ready list.
  bool spend(size_t bytes = 0) {
    bytes_left_ -= static_cast<int64_t>(bytes);
    return --operations_left_ >= 0 && bytes_left_ >= 0;
  }

  /// Registers a descriptor for all events, edge-triggered. Returns its slot, or -errno.
  int64_t add(int descriptor, EventSink& sink);
  void remove(int64_t slot);

  /// A descriptor of this thread's has closed: whoever met EMFILE may try again.
  void descriptor_closed() const {
    if (on_descriptor_closed_) on_descriptor_closed_();
  }

  /// The longest that a coroutine has run without returning here, in microseconds.
  uint64_t longest_stretch_us() const;

  /// For tests: which of the ready ones, and of the writes, is next, given how many there are.
  void set_picker(std::function<size_t(size_t)> picker) { picker_ = std::move(picker); }
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
      300;  // So much later than it meant to wake: the process was stopped meanwhile.
  static constexpr int kHalfLooks = 64;  // So many turns at most in which no deadline is looked at.

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
class Yield final : public Wait {
 public:
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    EventLoop::current().make_ready(*this);
  }
  void await_resume() {}
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

/// Owns tasks that outlive the function that starts them. A finished one is destroyed in the turn
/// in which it finished; destroying the scope cancels what is left. Of one worker; may not outlive
/// its loop.
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
