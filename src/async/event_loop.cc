#include "async/event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "base/clock.h"

namespace weir::async {
namespace {
#if defined(__x86_64__)
uint64_t ticks() {
  return __builtin_ia32_rdtsc();
}
#else
uint64_t ticks() {
  return base::monotonic_us();
}
#endif
}  // namespace

thread_local EventLoop* EventLoop::current_ = nullptr;

/// A task of a scope. It is in the scope's list while it runs, and in the loop's when it has
/// finished.
struct TaskScope::Node final : Link, Root, base::Pooled {
  Node(Task<void> task, TaskScope& scope) : task(std::move(task)), scope(&scope) {}
  void finished() noexcept override {
    --scope->size_;
    EventLoop::current().reap(*this);
  }
  Task<void> task;
  TaskScope* scope;
};

void TaskScope::spawn(Task<void> task) {
  auto* node = new Node(std::move(task), *this);
  node->link_before(running_);
  ++size_;
  node->task.start(node);
}

void TaskScope::cancel_all() {
  while (running_.linked()) {
    auto* node = static_cast<Node*>(running_.next());
    node->unlink();
    --size_;
    delete node;
  }
}

EventLoop::EventLoop(base::Callback<> on_descriptor_closed)
    : on_descriptor_closed_(on_descriptor_closed),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      now_ms_(base::monotonic_ms()),
      wheel_(now_ms_),
      started_ticks_(ticks()),
      started_us_(base::monotonic_us()) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  current_ = this;
}

EventLoop::~EventLoop() {
  reap_finished();
  close(epoll_);
  current_ = nullptr;
}

int64_t EventLoop::add(int descriptor, EventSink& sink) {
  if (free_slots_.empty()) {
    try {
      slots_.emplace_back();
      // Reserve room to give every slot back: remove() runs in destructors and must not allocate.
      // If there is no memory for that, the new slot stays unused.
      free_slots_.reserve(slots_.capacity());
    } catch (const std::bad_alloc&) {
      return -ENOMEM;
    }
    free_slots_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  const uint32_t at = free_slots_.back();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = static_cast<uint64_t>(slots_[at].generation) << 32 | at;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) < 0) return -errno;
  free_slots_.pop_back();
  slots_[at].sink = &sink;
  return at;
}

void EventLoop::remove(int64_t slot) {
  Slot& gone = slots_[static_cast<size_t>(slot)];
  gone.sink = nullptr;
  ++gone.generation;
  free_slots_.push_back(static_cast<uint32_t>(slot));
}

void EventLoop::run() {
  stopped_ = false;
  while (!stopped_) turn(-1);
}

bool EventLoop::turn(int wait_ms) {
  uint64_t from_ms = now_ms_;
  if (!idle()) {
    wait_ms = 0;
  } else if (const uint64_t next = wheel_.next_ms(); next != Deadline::kNever) {
    // One millisecond more: the coarse clock lags, and waking too early would spin.
    const uint64_t now = base::monotonic_ms();
    const auto until =
        static_cast<int>(next > now ? std::min<uint64_t>(next - now + 1, 60'000) : 0);
    wait_ms = wait_ms < 0 ? until : std::min(wait_ms, until);
    from_ms = now;
  }
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, wait_ms);
  now_ms_ = base::monotonic_ms();
  ++turns_;
  for (int i = 0; i < count; ++i) {
    const auto& slot = slots_[static_cast<uint32_t>(events[i].data.u64)];
    if (slot.sink && slot.generation == events[i].data.u64 >> 32)
      slot.sink->on_events(events[i].events);
  }
  // Expire deadlines only after all events that arrived before them. Such events may be left where
  // epoll_wait filled its array, where it was interrupted (a process that goes on after SIGSTOP has
  // slept in it), or where it returned long ago (the process has slept since). Skip the deadlines
  // then, but in fewer than kHalfLooks turns in a row.
  const bool slept = now_ms_ > from_ms + static_cast<uint64_t>(std::max(wait_ms, 0)) + kSleptMs;
  if ((count >= 0 && count < kEventsPerTurn && !slept) || ++half_looks_ == kHalfLooks) {
    half_looks_ = 0;
    wheel_.advance(now_ms_);
  }
  const bool any = !idle();
  run_ready();
  return any || count > 0;
}

/// One run of a coroutine until it returns to the loop: gives it a new budget, and measures its
/// time.
struct EventLoop::Stretch {
  explicit Stretch(EventLoop& of) : loop(of) {
    loop.operations_left_ = kOperationsPerTurn;
    loop.bytes_left_ = kBytesPerTurn;
  }
  ~Stretch() { loop.longest_ticks_ = std::max(loop.longest_ticks_, ticks() - before); }
  EventLoop& loop;
  const uint64_t before = ticks();
};

void EventLoop::run_ready() {
  // Coroutines that become ready meanwhile wait for the next turn, so that epoll and the deadlines
  // get theirs.
  Link batch;
  batch.take_all(ready_);
  while (batch.linked()) {
    Wait& wait = take_one(batch);
    const Stretch stretch(*this);
    if (wait.attempt()) wait.waiting.resume();
  }
  run_writes();
  reap_finished();
}

void EventLoop::run_writes() {
  Link batch, written;
  batch.take_all(writes_);
  while (batch.linked()) {
    Wait& write = take_one(batch);
    const Stretch stretch(*this);
    if (write.attempt()) write.link_before(written);
  }
  while (written.linked()) {
    Wait& write = take_one(written);
    const Stretch stretch(*this);
    write.waiting.resume();
  }
}

Wait& EventLoop::take_one(Link& from) const {
  Link* next = from.next();
  if (picker_) {
    size_t size = 0;
    for (Link* at = next; at != &from; at = at->next()) ++size;
    for (size_t skip = picker_(size) % size; skip > 0; --skip) next = next->next();
  }
  next->unlink();
  return static_cast<Wait&>(*next);
}

void EventLoop::reap_finished() {
  while (finished_.linked()) {
    auto* node = static_cast<TaskScope::Node*>(finished_.next());
    node->unlink();
    delete node;
  }
}

uint64_t EventLoop::longest_stretch_us() const {
  const uint64_t all_ticks = ticks() - started_ticks_;
  const uint64_t all_us = base::monotonic_us() - started_us_;
  const double scale =
      all_ticks == 0 ? 0 : static_cast<double>(all_us) / static_cast<double>(all_ticks);
  return static_cast<uint64_t>(static_cast<double>(longest_ticks_) * scale);
}

}  // namespace weir::async
