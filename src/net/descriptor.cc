#include "net/descriptor.h"

#include <sys/epoll.h>
#include <unistd.h>

namespace weir::net {
namespace {
thread_local void (*on_close)(void*) = nullptr;
thread_local void* on_close_of = nullptr;
}  // namespace

void set_on_close(void (*callback)(void*), void* of) {
  on_close = callback;
  on_close_of = of;
}

Descriptor::Descriptor(int descriptor, async::Readiness& readiness)
    : descriptor_(descriptor), slot_(async::EventLoop::current().add(descriptor, *this)), readiness_(readiness) {}

Descriptor::~Descriptor() {
  if (slot_ >= 0) async::EventLoop::current().remove(slot_);
  close(descriptor_);
  if (on_close) on_close(on_close_of);
}

void Descriptor::on_events(uint32_t events) {
  if (events & EPOLLERR) {
    // Of a socket that is still connecting, too; its writer asks SO_ERROR.
    readiness_.became_broken();
    return;
  }
  // HUP without an error: both sides have ended in order. That breaks nothing: what the peer sent before may be unread still.
  if (events & (EPOLLRDHUP | EPOLLHUP)) readiness_.peer_closed = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) readiness_.became_readable();
  if (events & (EPOLLOUT | EPOLLHUP)) readiness_.became_writable();
}

}  // namespace weir::net
