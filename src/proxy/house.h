// The worker for what belongs to no client and to no other worker.
#pragma once
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/snapshot.h"

namespace weir::proxy {

struct Shared;
class Worker;

/// Owns the thread of a worker without listening sockets, which is started when the first job is
/// handed to it. All members: any thread.
class House {
 public:
  /// Runs on the house worker's thread, between coroutines. What takes longer is a task, which it
  /// gives to Worker::spawn.
  using Job = std::function<void(Worker&)>;

  /// `shared` outlives this.
  explicit House(Shared& shared) : shared_(shared) {}
  House(const House&) = delete;
  /// Ends the worker at once.
  ~House();

  /// The current configuration, which a worker that starts later begins with. A running worker gets
  /// it like all others (Crew::apply).
  void use(SnapshotRef snapshot);
  /// Hands over a job, which runs soon; it is dropped if the worker ends or can't start before.
  /// False if the house is closed, there is no configuration yet, or no thread could be started.
  bool run(Job job);
  /// Takes no more jobs.
  void close();
  /// Call it after close(), when the workers have been told to end. Waits for the thread.
  void join();

 private:
  void work();
  /// Starts the thread if it is not running. Holds the mutex.
  bool start();
  /// The worker is made: gives it what came meanwhile. False if it need not run.
  bool begin(Worker& worker, const SnapshotRef& began_with);

  Shared& shared_;
  std::mutex mutex_;  // Guards all below. No other mutex but a mailbox's is taken under it.
  SnapshotRef snapshot_;
  std::thread thread_;
  Worker* worker_ = nullptr;  // While it runs.
  std::vector<Job> waiting_;  // For the worker to be made.
  bool closed_ = false;
  bool failed_ = false;  // The last worker could not be made; its thread is ending.
};

}  // namespace weir::proxy
