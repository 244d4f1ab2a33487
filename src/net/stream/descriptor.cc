#include "net/stream/descriptor.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <atomic>

namespace weir::net {
namespace {
std::atomic<uint32_t> most_descriptors{UINT32_MAX};
std::atomic<uint32_t> open_descriptors{0};
}  // namespace

void set_most_descriptors(uint32_t most) {
  most_descriptors.store(most, std::memory_order_relaxed);
}

bool descriptors_left(uint32_t spare) {
  return uint64_t{open_descriptors.load(std::memory_order_relaxed)} + spare <
         most_descriptors.load(std::memory_order_relaxed);
}

Descriptor::Descriptor(int descriptor, async::Readiness& readiness)
    : descriptor_(descriptor),
      slot_(async::EventLoop::current().add(descriptor, *this)),
      readiness_(readiness) {
  open_descriptors.fetch_add(1, std::memory_order_relaxed);
}

Descriptor::~Descriptor() {
  auto& loop = async::EventLoop::current();
  if (slot_ >= 0) loop.remove(slot_);
  close(descriptor_);
  open_descriptors.fetch_sub(1, std::memory_order_relaxed);
  loop.descriptor_closed();
}

void Descriptor::on_events(uint32_t events) {
  if (events & EPOLLERR) {
    // Also comes for a socket that is still connecting; its writer asks SO_ERROR.
    readiness_.became_broken();
    return;
  }
  if (events & EPOLLPRI) readiness_.urgent = true;
  // HUP without an error: both sides have ended in order. Nothing is broken: bytes that the peer
  // sent before may still be unread.
  if (events & (EPOLLRDHUP | EPOLLHUP)) readiness_.peer_closed = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) readiness_.became_readable();
  if (events & (EPOLLOUT | EPOLLHUP)) readiness_.became_writable();
}

}  // namespace weir::net
