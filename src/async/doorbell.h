// Word between workers that something has changed, which allocates nothing and can't fail.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "async/event_loop.h"

namespace weir::async {

class Doorbell;

/// "Look again", for one worker. Rung many times before the worker has looked, it is answered once.
/// Owned by that worker, made and freed on its thread. Whatever lists a bell for others to ring
/// does so under a lock, under which it is also taken out before it is retired.
class Bell {
 public:
  /// `door` outlives it.
  explicit Bell(Doorbell& door) : door_(door) {}
  Bell(const Bell&) = delete;
  virtual ~Bell() = default;

  /// On the worker, between coroutines. What the ringer wrote before it rang can be read.
  virtual void answer() noexcept = 0;

  /// Frees the bell: now, or if it was rung, when the worker takes it, without answering. Nobody
  /// rings it any more.
  static void retire(std::unique_ptr<Bell> bell);

 private:
  friend class Doorbell;

  Doorbell& door_;
  /// It is in the door's list, from the ring until the worker takes it.
  std::atomic<bool> rung_ = false;
  Bell* next_ = nullptr;
  bool retired_ = false;
  friend class Rings;
};

/// One worker's list of bells that were rung, and the descriptor that wakes its loop. Made before
/// its worker, and freed after all threads that may ring have ended: one that rings the bell of a
/// worker that has stopped wakes nobody.
class Doorbell final : public EventSink {
 public:
  Doorbell();
  Doorbell(const Doorbell&) = delete;
  /// Bells that are still in the list must have been retired.
  ~Doorbell();

  /// On the worker's thread: its loop answers from now on, until detach(), which is for the loop's
  /// end.
  void attach();
  void detach();

 private:
  friend class Rings;

  /// Any thread. True: the worker has to be woken.
  bool push(Bell& bell) noexcept;
  void wake() noexcept;
  void on_events(uint32_t epoll_events) override;
  void take() noexcept;

  int event_;
  int64_t slot_ = -1;
  std::atomic<Bell*> first_ = nullptr;
};

/// Declare it before the lock under which it collects: the workers are woken after that.
class Rings {
 public:
  Rings() = default;
  Rings(const Rings&) = delete;
  ~Rings();
  /// Under the lock of whatever lists the bell. Null: nothing is rung.
  void add(Bell* bell) noexcept;

 private:
  /// More doors than this are woken at once.
  static constexpr size_t kMost = 64;

  std::array<Doorbell*, kMost> doors_;
  size_t count_ = 0;
};

}  // namespace weir::async
