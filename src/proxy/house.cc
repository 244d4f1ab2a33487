#include "proxy/house.h"

#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/event_log.h"
#include "proxy/worker.h"

namespace weir::proxy {

House::~House() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    if (worker_) worker_->stop("drained");
  }
  join();
}

void House::use(SnapshotRef snapshot) {
  std::lock_guard lock(mutex_);
  snapshot_ = std::move(snapshot);
}

bool House::run(Job job) {
  std::lock_guard lock(mutex_);
  if (closed_ || !snapshot_ || !start()) return false;
  if (worker_) {
    worker_->call(std::move(job));
  } else {
    waiting_.push_back(std::move(job));
  }
  return true;
}

bool House::start() {
  if (failed_) {
    thread_.join();
    failed_ = false;
  }
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread(&House::work, this);
  } catch (const std::system_error& error) {
    base::log_event(std::string("the house worker can't start: ") + error.what());
    return false;
  }
  return true;
}

void House::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void House::join() {
  // The thread takes the mutex at its end; nobody starts another one after close().
  if (thread_.joinable()) thread_.join();
}

bool House::begin(Worker& worker, const SnapshotRef& began_with) {
  std::lock_guard lock(mutex_);
  // A drain or a stop that came before the worker could be seen has told it nothing.
  if (closed_) return false;
  // The same holds for a reload.
  if (snapshot_ != began_with) worker.apply(snapshot_, {}, {});
  for (Job& job : waiting_) worker.call(std::move(job));
  waiting_.clear();
  worker_ = &worker;
  return true;
}

void House::work() {
  SnapshotRef snapshot;
  {
    std::lock_guard lock(mutex_);
    snapshot = snapshot_;
  }
  std::optional<Worker> worker;
  try {
    worker.emplace(shared_, snapshot, WorkerSockets(), Serves::nobody);
  } catch (const std::exception& error) {
    base::log_event(std::string("the house worker can't start: ") + error.what());
    std::lock_guard lock(mutex_);
    waiting_.clear();
    failed_ = true;
    return;
  }
  if (!begin(*worker, snapshot)) return;
  snapshot = nullptr;
  worker->run();
  std::lock_guard lock(mutex_);
  worker_ = nullptr;
}

}  // namespace weir::proxy
