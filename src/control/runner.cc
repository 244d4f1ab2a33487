#include "control/runner.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/account.h"
#include "base/event_log.h"
#include "base/niceness.h"

namespace weir::control {

/// Shared with the thread, which may outlive the Runner.
struct Runner::State {
  explicit State(std::shared_ptr<const Bell> bell) : bell(std::move(bell)) {}
  const std::shared_ptr<const Bell> bell;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> waiting;
  /// Of the job whose step runs.
  std::stop_source running{std::nostopstate};
  bool ends = false;
  bool ended = false;
};

Runner::Runner(std::shared_ptr<const Bell> bell)
    : state_(std::make_shared<State>(std::move(bell))) {}

Runner::~Runner() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  state_->ends = true;
  state_->waiting.clear();
  std::stop_source running = state_->running;
  lock.unlock();
  state_->changed.notify_all();
  running.request_stop();
  lock.lock();
  const bool ended = state_->changed.wait_for(lock, std::chrono::milliseconds(kEndMs),
                                              [this] { return state_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
    base::log_event("a command of the control socket still runs: it ends with the process");
  }
}

bool Runner::add(const std::shared_ptr<Job>& job) {
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([state = state_] { run(*state); });
    } catch (const std::system_error&) {
      return false;
    }
  }
  {
    std::lock_guard lock(state_->mutex);
    state_->waiting.push_back(job);
    job->away.store(true);
  }
  state_->changed.notify_all();
  return true;
}

void Runner::run(State& state) {
  base::set_thread_niceness(base::kBehindWorkers);
  base::Account::compare();  // Makes this thread's ledger now: a charge() must not make it when
                             // memory has run out.
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return state.ends || !state.waiting.empty(); });
    if (state.ends) break;
    std::shared_ptr<Job> job = std::move(state.waiting.front());
    state.waiting.pop_front();
    state.running = job->stop;
    lock.unlock();
    if (!job->stop.stop_requested()) job->step();
    job->away.store(false);
    state.bell->ring();
    job = nullptr;  // Maybe the last owner: destroyed without the lock.
    lock.lock();
    state.running = std::stop_source(std::nostopstate);
  }
  state.ended = true;
  lock.unlock();
  state.changed.notify_all();
}

}  // namespace weir::control
