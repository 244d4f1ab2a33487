// The threads of the workers.
#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/house.h"
#include "proxy/listeners.h"
#include "proxy/snapshot.h"
#include "proxy/status.h"
#include "proxy/worker.h"

namespace weir::proxy {

/// Used by the main thread to reach all workers.
class Crew {
 public:
  /// `shared` outlives this.
  Crew(Shared& shared, size_t count) : shared_(shared), count_(count), house_(shared) {}
  Crew(const Crew&) = delete;
  /// Ends the running workers at once.
  ~Crew();

  size_t size() const { return count_; }
  /// Makes one worker per thread; none accepts clients before begin(). Takes the sockets. Returns
  /// empty, or one line that says why it failed (then no worker is left).
  std::string make(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened);
  void begin();
  /// Calls the same function of every Worker.
  void apply(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened,
             const std::vector<uint32_t>& closed);
  void drain();
  void stop(const char* reason);
  /// Asks every worker for its status, which it gives once it has done all that it was told before.
  /// Returns the answers that come within `patience_ms`, and the counts of workers that have ended.
  std::vector<WorkerStatus> hear(int patience_ms);
  bool anybody();
  /// Any thread. Hands a job to the house worker: see House::run.
  bool run_in_house(House::Job job) { return house_.run(std::move(job)); }
  /// Waits until the threads have ended; they must have been told to.
  void join();

 private:
  struct Start;
  static void work(Shared& shared, const std::shared_ptr<Start>& start, SnapshotRef snapshot,
                   WorkerSockets sockets);
  /// Ends the threads of workers that have not begun.
  void dismiss();

  Shared& shared_;
  const size_t count_;
  std::shared_ptr<Start> start_;
  bool begun_ = false;
  std::vector<std::thread> threads_;
  House house_;
};

}  // namespace weir::proxy
