// Deadlines on a hierarchical timing wheel. Setting one is a store in most cases: a deadline that
// is moved later, as silence deadlines are with each byte, stays in its slot and is looked at again
// when its old time comes.
#pragma once
#include <array>
#include <cstdint>

#include "async/wait.h"

namespace weir::async {

class TimerWheel;

/// A point in time at which `expired` is called, from the loop. Used by one worker; must not
/// outlive its loop. Times are base::monotonic_ms; the precision is TimerWheel::kTickMs. Clears
/// itself before the call.
class Deadline : private Link {
 public:
  using Expired = void (*)(Deadline&);
  static constexpr uint64_t kNever = UINT64_MAX;

  explicit Deadline(Expired expired) : expired_(expired) {}
  void set(uint64_t at_ms);
  /// On a wheel other than the current loop's.
  void set(uint64_t at_ms, TimerWheel& wheel);
  void clear() { due_ms_ = kNever; }
  uint64_t due_ms() const { return due_ms_; }

 private:
  friend class TimerWheel;
  uint64_t due_ms_ = kNever;
  uint64_t queued_tick_ = 0;
  Expired expired_;
};

/// A deadline that calls a member function: `async::Alarm<Pool, &Pool::sweep> sweep_{*this};`
template <class T, void (T::*call)()>
class Alarm final : public Deadline {
 public:
  explicit Alarm(T& of)
      : Deadline([](Deadline& self) { (static_cast<Alarm&>(self).of_.*call)(); }), of_(of) {}

 private:
  T& of_;
};

class TimerWheel {
 public:
  static constexpr uint64_t kTickMs = 8;

  explicit TimerWheel(uint64_t now_ms) : tick_(now_ms / kTickMs) {}

  void queue(Deadline& deadline);
  /// Calls what has expired by `now_ms`.
  void advance(uint64_t now_ms);
  /// Nothing can expire before this time; kNever if nothing is queued.
  uint64_t next_ms() const;

 private:
  static constexpr int kLevels = 5;
  static constexpr int kBits = 6;
  static constexpr uint64_t kSlots = 1 << kBits;

  void run_slot(int level, uint64_t slot);

  uint64_t tick_;  // The last tick that was run.
  std::array<std::array<Link, kSlots>, kLevels> slots_;
  std::array<uint64_t, kLevels> used_{};  // A bit for each slot that may hold links.
};

}  // namespace weir::async
