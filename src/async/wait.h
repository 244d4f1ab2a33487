// A suspended coroutine's place in one list, which it leaves when it is destroyed.
#pragma once
#include <coroutine>
#include <cstddef>

namespace weir::async {

/// A link of a circular list; unlinks itself.
class Link {
 public:
  Link() : prev_(this), next_(this) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }
  /// Puts this before `other`: at the end of the list that `other` heads.
  void link_before(Link& other) {
    prev_ = other.prev_;
    next_ = &other;
    prev_->next_ = this;
    other.prev_ = this;
  }
  Link* next() const { return next_; }
  /// Moves all of `from`'s links to the end of this head's list.
  void take_all(Link& from) {
    if (!from.linked()) return;
    from.next_->prev_ = prev_;
    from.prev_->next_ = this;
    prev_->next_ = from.next_;
    prev_ = from.prev_;
    from.prev_ = from.next_ = &from;
  }

 private:
  Link* prev_;
  Link* next_;
};

/// Something that a coroutine waits for. It is in at most one list at a time: that of a signal, or
/// the loop's ready list.
class Wait : public Link {
 public:
  /// Called by the loop when this is at the front of the ready list. False: the wait is not over,
  /// and this has registered again.
  virtual bool attempt() { return true; }

  std::coroutine_handle<> waiting;

 protected:
  ~Wait() = default;
};

}  // namespace weir::async
