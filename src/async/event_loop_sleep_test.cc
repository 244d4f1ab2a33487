// The process is stopped, or the machine sleeps, just after the loop has polled.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "async/event_loop.h"
#include "base/clock.h"

namespace {
/// Called once, when the loop has polled and found nothing, before it reads the clock.
thread_local std::function<void()> after_look;
}  // namespace

/// Replaces the C library's function in this program.
extern "C" int epoll_wait(int epoll, epoll_event* events, int most, int wait_ms) {
  const auto count = static_cast<int>(syscall(SYS_epoll_pwait, epoll, events, most, wait_ms,
                                              nullptr, static_cast<size_t>(_NSIG / 8)));
  if (count == 0 && after_look) std::exchange(after_look, nullptr)();
  return count;
}

namespace weir::async {
namespace {

struct Seen final : EventSink {
  void on_events(uint32_t events) override {
    if (events & EPOLLIN) came_first = !expired;
    came = came || (events & EPOLLIN) != 0;
  }
  bool came = false, came_first = false, expired = false;
};
struct Limit final : Deadline {
  explicit Limit(Seen& seen)
      : Deadline([](Deadline& self) { static_cast<Limit&>(self).seen.expired = true; }),
        seen(seen) {}
  Seen& seen;
};

TEST(EventLoop, WhatCameBeforeASleepEndedIsSeenBeforeAnybodysTimeIsOver) {
  EventLoop loop;
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  Seen seen, other;
  Limit limit(seen), earlier(other);
  const int64_t slot = loop.add(ends[0], seen);
  loop.turn(0);  // Takes the event that the stream is writable.
  limit.set(base::monotonic_ms() + 600);
  earlier.set(base::monotonic_ms() + 10);  // Wakes the loop.
  after_look = [&] {
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    usleep(800'000);
  };
  for (int i = 0; i < 100 && !seen.expired; ++i) loop.turn(20);
  EXPECT_FALSE(after_look) << "it has slept";
  EXPECT_TRUE(seen.came && seen.came_first);
  EXPECT_TRUE(seen.expired && other.expired);
  loop.remove(slot);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace weir::async
