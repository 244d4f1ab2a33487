// Changes that tasks wait for, and the ways to wait for more than one thing.
#pragma once
#include <optional>

#include "async/event_loop.h"
#include "async/task.h"

namespace weir::async {

/// Something that several tasks wait to see change. They resume from the loop, never inside
/// notify(). A task that waits passes the version that it has looked at, so that no change is lost
/// between looking and waiting. Used by one worker.
class Signal {
 public:
  class Changed final : public Wait {
   public:
    Changed(Signal& signal, bool already) : signal_(signal), already_(already) {}
    bool await_ready() const { return already_; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiting = handle;
      link_before(signal_.waiters_);
    }
    void await_resume() {}

   private:
    Signal& signal_;
    bool already_;
  };

  uint64_t version() const { return version_; }
  Changed changed(uint64_t seen) { return Changed(*this, version_ != seen); }
  void notify() {
    ++version_;
    while (waiters_.linked()) EventLoop::current().make_ready(static_cast<Wait&>(*waiters_.next()));
  }

 private:
  uint64_t version_ = 0;
  Link waiters_;
};

/// Ends the tasks that run under it (see Until), for the reason that the first caller of fire()
/// names. Used by one worker.
class Interrupt {
 public:
  bool fired() const { return reason_ != nullptr; }
  /// Static text: `client_closed`, `drained`, `shed`.
  const char* reason() const { return reason_; }
  void fire(const char* reason) {
    if (reason_) return;
    reason_ = reason;
    while (waiters_.linked()) EventLoop::current().make_ready(static_cast<Wait&>(*waiters_.next()));
  }

 private:
  template <class T>
  friend class Until;
  const char* reason_ = nullptr;
  Link waiters_;
};

/// `auto result = co_await Until<T>(std::move(task), interrupt);` runs the task to its end, or
/// until the interrupt fires: then the task is destroyed and there is no result. Costs no coroutine
/// frame.
template <class T>
class [[nodiscard]] Until final : public Wait {
 public:
  Until(Task<T> task, Interrupt& interrupt) : task_(std::move(task)), interrupt_(interrupt) {}
  bool await_ready() const { return interrupt_.fired(); }
  bool await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    started_ = true;
    if (!task_.await_suspend(handle)) return false;
    // It may have fired while the task ran its first stretch.
    if (interrupt_.fired()) {
      EventLoop::current().make_ready(*this);
    } else {
      link_before(interrupt_.waiters_);
    }
    return true;
  }
  std::optional<T> await_resume() {
    unlink();
    std::optional<T> result;
    if (started_ && task_.done()) result.emplace(task_.take());
    task_.cancel();
    return result;
  }

 private:
  Task<T> task_;
  Interrupt& interrupt_;
  bool started_ = false;
};

namespace detail {
template <class T>
Task<void> run_into(Task<T> task, std::optional<T>& result, Signal& done) {
  auto value = co_await task;
  if (!result) result.emplace(std::move(value));
  done.notify();
}
}  // namespace detail

/// Waits for the task that ends first, and destroys the other.
template <class T>
Task<T> first_of(Task<T> a, Task<T> b) {
  std::optional<T> result;
  Signal done;
  auto left = detail::run_into(std::move(a), result, done);
  auto right = detail::run_into(std::move(b), result, done);
  const auto seen = done.version();
  left.start();
  if (!result) right.start();
  if (!result) co_await done.changed(seen);
  co_return *std::move(result);
}

/// Waits for both.
template <class T>
Task<std::pair<T, T>> all_of(Task<T> a, Task<T> b) {
  std::optional<T> first, second;
  Signal done;
  auto left = detail::run_into(std::move(a), first, done);
  auto right = detail::run_into(std::move(b), second, done);
  left.start();
  right.start();
  for (auto seen = done.version(); !first || !second; seen = done.version())
    co_await done.changed(seen);
  co_return std::pair<T, T>(*std::move(first), *std::move(second));
}

}  // namespace weir::async
