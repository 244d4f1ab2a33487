// The workers' threads.
#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/listeners.h"
#include "proxy/snapshot.h"
#include "proxy/status.h"
#include "proxy/worker.h"

namespace weir::proxy {

/// Of the main thread, which tells all workers by it.
class Crew {
 public:
  /// `shared` outlives it.
  Crew(Shared& shared, size_t count) : shared_(shared), count_(count) {}
  Crew(const Crew&) = delete;
  /// Ends those that are there, at once.
  ~Crew();

  size_t size() const { return count_; }
  /// A worker on each thread, of which none lets anybody in before begin(). Takes the sockets.
  /// Empty, or why there are none: a line.
  std::string make(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened);
  void begin();
  /// See Worker; all of them.
  void apply(const SnapshotRef& snapshot, std::vector<WorkerSockets>& opened,
             const std::vector<uint32_t>& closed);
  void drain();
  void stop(const char* reason);
  /// What each worker says once it has done all that it was told before; those that say it in time,
  /// and those that have ended.
  std::vector<WorkerStatus> hear(int patience_ms);
  bool anybody();
  /// Waits for the end of those that were told to end.
  void join();

 private:
  struct Start;
  static void work(Shared& shared, const std::shared_ptr<Start>& start, SnapshotRef snapshot,
                   WorkerSockets sockets);
  /// Those that have not begun go.
  void dismiss();

  Shared& shared_;
  const size_t count_;
  std::shared_ptr<Start> start_;
  bool begun_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weir::proxy
