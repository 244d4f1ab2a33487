#include "proxy/crew.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <latch>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace weir::proxy {

/// How the threads wait for each other at the start: no worker accepts clients until all are made
/// and the descriptors left for clients have been counted.
struct Crew::Start {
  explicit Start(size_t count) : made(static_cast<std::ptrdiff_t>(count)) {}
  std::latch made;
  std::latch told{1};
  bool begins = false;  // Set before `told` is counted down.
  std::atomic<int> error{0};
};

Crew::~Crew() {
  if (threads_.empty()) return;
  if (begun_) {
    stop("drained");
    join();
  } else {
    dismiss();
  }
}

void Crew::work(Shared& shared, const std::shared_ptr<Start>& start, SnapshotRef snapshot,
                WorkerSockets sockets) {
  std::optional<Worker> worker;
  try {
    worker.emplace(shared, std::move(snapshot), std::move(sockets));
  } catch (const std::system_error& error) {
    start->error = error.code().value();
  } catch (const std::bad_alloc&) {
    start->error = ENOMEM;
  }
  start->made.count_down();
  start->told.wait();
  if (start->begins) worker->run();
}

std::string Crew::make(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened) {
  start_ = std::make_shared<Start>(count_);
  house_.use(snapshot);
  threads_.reserve(count_);
  try {
    for (size_t i = 0; i < count_; ++i)
      threads_.emplace_back(work, std::ref(shared_), start_, snapshot, std::move(opened[i]));
  } catch (const std::system_error& error) {
    start_->error = error.code().value();
  } catch (const std::bad_alloc&) {
    start_->error = ENOMEM;
  }
  start_->made.count_down(static_cast<std::ptrdiff_t>(count_ - threads_.size()));
  start_->made.wait();
  const int error = start_->error;
  if (error == 0) return {};
  dismiss();
  return std::string("a worker can't start: ") + std::strerror(error) +
         (error == EAGAIN ? " (a limit of threads: ulimit -u; or of memory: ulimit -v)" : "");
}

void Crew::begin() {
  start_->begins = begun_ = true;
  start_->told.count_down();
}

void Crew::dismiss() {
  stop("drained");
  start_->told.count_down();
  join();
}

void Crew::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  house_.join();
}

void Crew::apply(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened,
                 const std::vector<uint32_t>& closed) {
  // First, so that a house worker which can't be seen below begins with the new one.
  house_.use(snapshot);
  std::lock_guard lock(shared_.workers_mutex);
  size_t next = 0;
  for (Worker* worker : shared_.workers) {
    WorkerSockets sockets;
    if (worker->serves() == Serves::clients) sockets = std::move(opened[next++]);
    worker->apply(snapshot, std::move(sockets), closed);
  }
}

void Crew::drain() {
  house_.close();
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) worker->drain();
}

void Crew::stop(const char* reason) {
  house_.close();
  std::lock_guard lock(shared_.workers_mutex);
  for (Worker* worker : shared_.workers) worker->stop(reason);
}

bool Crew::anybody() {
  std::lock_guard lock(shared_.workers_mutex);
  return !shared_.workers.empty();
}

std::vector<WorkerStatus> Crew::hear(int patience_ms) {
  struct Gathered {
    std::mutex mutex;
    std::condition_variable told;
    std::vector<WorkerStatus> statuses;
  };
  auto gathered = std::make_shared<Gathered>();
  gathered->statuses.reserve(count_ + 1);  // So workers don't allocate below.
  size_t asked;
  {
    std::lock_guard lock(shared_.workers_mutex);
    asked = shared_.workers.size();
    for (Worker* worker : shared_.workers) {
      worker->tell([gathered](const WorkerStatus& status) {
        std::lock_guard inner(gathered->mutex);
        gathered->statuses.push_back(status);
        gathered->told.notify_one();
      });
    }
  }
  std::unique_lock lock(gathered->mutex);
  // A worker that is just ending does not answer.
  gathered->told.wait_for(lock, std::chrono::milliseconds(patience_ms),
                          [&] { return gathered->statuses.size() == asked; });
  std::vector<WorkerStatus> statuses = gathered->statuses;
  std::lock_guard ended(shared_.workers_mutex);
  for (const WorkerStatus& each : shared_.ended) {
    // It may have answered and then ended.
    if (std::ranges::find(statuses, each.worker, &WorkerStatus::worker) == statuses.end())
      statuses.push_back(each);
  }
  return statuses;
}

}  // namespace weir::proxy
