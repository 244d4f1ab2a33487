#include "async/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir::async {

Mailbox::Mailbox() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), slot_(-1) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  slot_ = EventLoop::current().add(event_, *this);
  if (slot_ < 0)
    throw std::system_error(static_cast<int>(-slot_), std::generic_category(), "epoll_ctl");
}

Mailbox::~Mailbox() {
  EventLoop::current().remove(slot_);
  close(event_);
}

void Mailbox::post(std::function<void()> letter) {
  {
    std::lock_guard lock(mutex_);
    letters_.push_back(std::move(letter));
  }
  eventfd_write(event_, 1);
}

void Mailbox::on_events(uint32_t) {
  eventfd_t count;
  eventfd_read(event_, &count);
  std::vector<std::function<void()>> letters;
  {
    std::lock_guard lock(mutex_);
    letters.swap(letters_);
  }
  for (auto& letter : letters) {
    try {
      letter();
    } catch (...) {
      (void)error_of_current_exception();  // Out of memory: the other letters still run.
    }
  }
}

}  // namespace weir::async
