// Coroutines that are values. See docs/design/coroutines.md.
#pragma once
#include <sys/types.h>

#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/memory.h"

namespace weir::async {

/// Base of what a scope owns. It is told when its task has finished, so that the loop destroys the
/// task: a task never destroys itself.
class Root {
 public:
  virtual void finished() noexcept = 0;

 protected:
  ~Root() = default;
};

/// Called inside a catch, for an exception that reached a task's edge. Counts it, and returns the
/// error that the exchange ends with.
base::Error error_of_current_exception() noexcept;
/// How many exceptions have reached a task's edge in this process.
uint64_t exceptions_caught();

/// The value of a task that an exception ended, if its type is no Result. Other types declare their
/// own overload, found by its argument, which is null: `Answer after_exception(const Answer*)`.
/// A task of a type without one does not compile.
inline int after_exception(const int*) {
  return -ENOMEM;
}
inline ssize_t after_exception(const ssize_t*) {
  return -ENOMEM;
}
inline bool after_exception(const bool*) {
  return false;
}

struct PromiseBase {
  std::coroutine_handle<> parent;
  Root* root = nullptr;
  bool parent_waits = false;

  static void* operator new(size_t size) { return base::take_memory(size); }
  static void operator delete(void* memory, size_t size) noexcept {
    base::give_back_memory(memory, size);
  }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      PromiseBase& promise = self.promise();
      if (promise.parent_waits) return promise.parent;
      if (promise.root) promise.root->finished();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
};

/// The value of a task of type T that `error` ended: the error, where T can hold one.
template <class T>
struct ValueOf {
  static T after(base::Error&& error) {
    if constexpr (std::is_constructible_v<T, base::Error>)
      return T(std::move(error));
    else
      return after_exception(static_cast<const T*>(nullptr));
  }
};
template <class T>
struct ValueOf<base::Result<T>> {
  static base::Result<T> after(base::Error&& error) { return std::unexpected(std::move(error)); }
};
template <class A, class B>
struct ValueOf<std::pair<A, B>> {
  static std::pair<A, B> after(base::Error&& error) {
    A first = ValueOf<A>::after(base::Error(error));
    return {std::move(first), ValueOf<B>::after(std::move(error))};
  }
};

template <class T>
struct PromiseOf : PromiseBase {
  std::optional<T> value;
  template <class U = T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  void unhandled_exception() noexcept {
    value.emplace(ValueOf<T>::after(error_of_current_exception()));
  }
  T take() { return std::move(*value); }
};
template <>
struct PromiseOf<void> : PromiseBase {
  void return_void() noexcept {}
  void unhandled_exception() noexcept { (void)error_of_current_exception(); }
  void take() {}
};

/// A lazily started coroutine, owned by the coroutine that awaits it. Destroying it while suspended
/// cancels it: its locals unwind and every wait in it deregisters. So code that must run may not
/// stand after a co_await: it belongs in a destructor. Never destroy a task from inside itself;
/// leave that to the loop. Used by one worker.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : PromiseOf<T> {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> self) : self_(self) {}
  Task(Task&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      cancel();
      self_ = std::exchange(other.self_, {});
    }
    return *this;
  }
  ~Task() { cancel(); }

  void cancel() {
    if (self_) std::exchange(self_, {}).destroy();
  }
  explicit operator bool() const { return static_cast<bool>(self_); }
  bool done() const { return self_.done(); }
  /// For owners that are no coroutines: scopes and tests.
  void start(Root* root = nullptr) {
    self_.promise().root = root;
    self_.resume();
  }
  /// The result of a task that is done.
  T take() { return self_.promise().take(); }

  bool await_ready() const noexcept { return false; }
  /// Runs the child in place. A child that finishes at once costs no suspension and no stack: this
  /// does not rest on symmetric transfer being a tail call.
  bool await_suspend(std::coroutine_handle<> parent) {
    auto& promise = self_.promise();
    promise.parent = parent;
    self_.resume();
    promise.parent_waits = !self_.done();
    return promise.parent_waits;
  }
  T await_resume() { return self_.promise().take(); }

 private:
  template <class U>
  friend class Until;
  std::coroutine_handle<promise_type> self_;
};

}  // namespace weir::async
