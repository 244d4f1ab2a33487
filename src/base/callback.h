// A function and the object that it is called on, in two machine words.
#pragma once
#include <functional>

namespace weir::base {

/// Owns nothing and is copied freely: its maker has to keep the object alive while the callback is
/// in use, or to take the callback back. `Callback<int>::to<&Pool::freed>(pool)` calls
/// `pool.freed(int)`. An empty callback must not be called; operator bool tells whether it is
/// empty.
template <class... Args>
class Callback {
 public:
  constexpr Callback() = default;
  template <auto call, class T>
  static constexpr Callback to(T& object) {
    Callback made;
    made.call_ = [](void* of, Args... args) { std::invoke(call, *static_cast<T*>(of), args...); };
    made.of_ = const_cast<void*>(static_cast<const void*>(&object));
    return made;
  }

  explicit operator bool() const { return call_ != nullptr; }
  void operator()(Args... args) const { call_(of_, args...); }

 private:
  void (*call_)(void*, Args...) = nullptr;
  void* of_ = nullptr;
};

}  // namespace weir::base
