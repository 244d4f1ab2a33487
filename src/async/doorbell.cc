#include "async/doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir::async {

void Bell::retire(std::unique_ptr<Bell> bell) {
  if (!bell->rung_.load(std::memory_order_acquire)) return;
  bell->retired_ = true;
  (void)bell.release();  // It is the list's.
}

Doorbell::Doorbell() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Doorbell::~Doorbell() {
  take();
  close(event_);
}

void Doorbell::attach() {
  slot_ = EventLoop::current().add(event_, *this);
  if (slot_ < 0)
    throw std::system_error(static_cast<int>(-slot_), std::generic_category(), "epoll_ctl");
}

void Doorbell::detach() {
  if (slot_ < 0) return;
  EventLoop::current().remove(slot_);
  slot_ = -1;
}

bool Doorbell::push(Bell& bell) noexcept {
  if (bell.rung_.exchange(true, std::memory_order_acq_rel)) return false;
  Bell* first = first_.load(std::memory_order_relaxed);
  do {
    bell.next_ = first;
  } while (!first_.compare_exchange_weak(first, &bell, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  return first == nullptr;
}

void Doorbell::wake() noexcept {
  eventfd_write(event_, 1);
}

void Doorbell::on_events(uint32_t) {
  take();
}

/// First the descriptor, then the list, then each bell's link and flag, then what it stands for: in
/// any other order a ring is lost, or the list broken.
void Doorbell::take() noexcept {
  eventfd_t count;
  eventfd_read(event_, &count);
  Bell* bell = first_.exchange(nullptr, std::memory_order_acq_rel);
  while (bell) {
    Bell* const next = bell->next_;
    bell->rung_.store(false, std::memory_order_seq_cst);
    if (bell->retired_)
      delete bell;
    else
      bell->answer();
    bell = next;
  }
}

Rings::~Rings() {
  for (size_t i = 0; i < count_; ++i) doors_[i]->wake();
}

void Rings::add(Bell* bell) noexcept {
  if (!bell || !bell->door_.push(*bell)) return;
  if (count_ == kMost)
    bell->door_.wake();
  else
    doors_[count_++] = &bell->door_;
}

}  // namespace weir::async
