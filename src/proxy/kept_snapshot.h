// The snapshot in use, for the main thread and for threads that only look at it.
#pragma once
#include <memory>
#include <mutex>
#include <utility>

#include "proxy/snapshot.h"

namespace weir::proxy {

/// The main thread alone sets it, and reads it like a pointer. Another thread takes a share of it
/// from a View, which may outlive this.
class KeptSnapshot {
  struct State {
    std::mutex mutex;
    SnapshotRef snapshot;
  };

 public:
  class View {
   public:
    /// Any thread. Null before the first snapshot.
    SnapshotRef get() const {
      const std::lock_guard lock(state_->mutex);
      return state_->snapshot;
    }

   private:
    friend class KeptSnapshot;
    explicit View(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  KeptSnapshot& operator=(SnapshotRef snapshot) {
    {
      const std::lock_guard lock(state_->mutex);
      std::swap(state_->snapshot, snapshot);
    }
    return *this;  // The one before is given up without the lock.
  }
  operator const SnapshotRef&() const { return state_->snapshot; }
  const Snapshot* get() const { return state_->snapshot.get(); }
  const Snapshot* operator->() const { return get(); }
  const Snapshot& operator*() const { return *get(); }
  View view() const { return View(state_); }

 private:
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace weir::proxy
