#include "async/pool.h"

#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include "base/account.h"

namespace weir::async {
namespace {
constexpr auto kNoMemory = std::chrono::milliseconds(20);
}  // namespace

Pool::~Pool() {
  {
    std::lock_guard lock(mutex_);
    ends_ = true;
    waiting_.clear();
  }
  more_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Pool::submit(Job job, bool urgent) {
  const size_t most = most_waiting_ + (urgent ? kMostUrgent : 0);
  std::lock_guard lock(mutex_);
  // Drop jobs whose tasks have gone: they must not keep others out.
  if (waiting_.size() >= most)
    std::erase_if(waiting_, [](const Job& each) { return each.work->abandoned(); });
  if (ends_ || waiting_.size() >= most) return false;
  while (threads_.size() < count_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;
      break;
    }
  }
  if (urgent) {
    waiting_.push_front(std::move(job));
  } else {
    waiting_.push_back(std::move(job));
  }
  more_.notify_one();
  return true;
}

Pool::Load Pool::load() {
  std::lock_guard lock(mutex_);
  return {waiting_.size(), running_};
}

void Pool::run() {
  base::set_thread_niceness(niceness_);
  base::Account::compare();  // Makes this thread's ledger now: a charge() must not make it when
                             // memory has run out.
  bool had_one = false;
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      running_ -= std::exchange(had_one, false);
      more_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
      if (ends_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
      ++running_;
      had_one = true;
    }
    if (job.work->abandoned()) continue;
    job.work->run();
    job.work = nullptr;
    while (!deliver(job)) std::this_thread::sleep_for(kNoMemory);
  }
}

/// False: there is no memory for the message now; the task still waits.
bool Pool::deliver(const Job& job) try {
  std::lock_guard lock(job.channel->mutex);
  if (!job.channel->port) return true;
  job.channel->port->mailbox_.post([channel = job.channel, ticket = job.ticket] {
    // Runs on the worker, which alone destroys the port.
    if (channel->port) channel->port->complete(ticket);
  });
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

PoolPort::PoolPort(Pool& pool, Mailbox& mailbox)
    : pool_(pool), mailbox_(mailbox), channel_(std::make_shared<Pool::Channel>()) {
  channel_->port = this;
}

PoolPort::~PoolPort() {
  std::lock_guard lock(channel_->mutex);
  channel_->port = nullptr;
}

void PoolPort::complete(uint64_t ticket) {
  const auto at = waiting_.find(ticket);
  if (at == waiting_.end()) return;
  Wait& wait = *at->second;
  waiting_.erase(at);
  EventLoop::current().make_ready(wait);
}

bool PoolPort::Done::await_suspend(std::coroutine_handle<> handle) {
  waiting = handle;
  ticket_ = ++port_.last_ticket_;
  port_.waiting_.emplace(ticket_, this);
  // If submit() refuses the work or throws (out of memory), nothing will come back: remove the
  // ticket.
  struct Refused {
    Done& self;
    ~Refused() {
      if (!self.taken_) self.port_.waiting_.erase(self.ticket_);
    }
  } refused{*this};
  return taken_ = port_.pool_.submit({work_, port_.channel_, ticket_}, urgent_);
}

PoolPort::Done::~Done() {
  // If the ticket is not there, the work has come back.
  if (taken_ && port_.waiting_.erase(ticket_) > 0) work_->abandon();
}

}  // namespace weir::async
