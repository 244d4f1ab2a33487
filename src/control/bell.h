// How other threads interrupt the one that serves the control socket.
#pragma once
#include <atomic>
#include <memory>

#include "control/descriptor.h"

namespace weir::control {

/// An eventfd for the poll() of the thread that serves the socket. It is opened when the first
/// command needs it, so that a Weir that runs no such command spends no descriptor on it.
class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  /// False: there is no descriptor for it. Called by the serving thread, as are the next two.
  bool open();
  /// -1: not open.
  int descriptor() const { return event_.get(); }
  /// Makes the descriptor unreadable until the next ring().
  void clear() const;
  /// Any thread, also before open() and after the socket is gone.
  void ring() const noexcept;

 private:
  Descriptor event_;
  // What ring() reads, since another thread may open the bell meanwhile.
  std::atomic<int> ringing_ = -1;
};

/// Tells that one client's answer can go on. Any thread may ring it, at any time.
class Wake {
 public:
  explicit Wake(std::shared_ptr<const Bell> bell) : bell_(std::move(bell)) {}
  void ring() noexcept {
    if (!rung_.exchange(true)) bell_->ring();
  }
  bool rung() const { return rung_.load(); }
  /// Called before the source is looked at: what rings later is about something newer.
  void clear() { rung_.store(false); }

 private:
  const std::shared_ptr<const Bell> bell_;
  std::atomic<bool> rung_ = false;
};

}  // namespace weir::control
