// State that all workers share.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "async/pool.h"
#include "intercept/opener.h"
#include "journal/access_log.h"
#include "journal/denials.h"
#include "origin/pool/origin_slots.h"
#include "proxy/client_counts.h"
#include "proxy/status.h"
#include "stages/auth/attempts.h"

namespace weir::proxy {

/// Requests that one worker may send to another. Callable from any thread; carried out later, on
/// the worker's own thread.
class Colleague {
 public:
  /// Checks whether memory or connections are near their limit. `scarce`: also empties the thread's
  /// free lists and stops filling them.
  virtual void relieve(bool scarce) = 0;
  /// Closes the client connection that has been idle longest.
  virtual void shed_one() = 0;
  /// Closes the connection that has been idle longest, to an origin if there is one.
  virtual void shed_descriptor() = 0;
  /// Closes an idle connection to that origin, to make room for another worker's.
  virtual void give_up_idle(const std::string& authority) = 0;

 protected:
  ~Colleague() = default;
};

/// Outlives the workers.
struct Shared {
  Shared(journal::AccessLog& log, uint32_t max_connections, uint32_t per_origin)
      : log(log), max_connections(max_connections), origin_slots(per_origin) {}

  journal::AccessLog& log;
  /// Client connections of all workers, and how many there may be.
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> max_connections;
  /// Descriptors that new clients may not take: they are for the origin connections of clients
  /// already here.
  std::atomic<uint32_t> spare_descriptors{0};
  std::atomic<uint64_t> longest_stretch_us{0};
  /// Earliest time of the next request to other workers to free memory.
  std::atomic<uint64_t> ask_again_ms{0};
  /// Earliest time at which the event log reports the lack of memory again.
  std::atomic<uint64_t> say_again_ms{0};
  ClientCounts client_counts;
  journal::Denials denials;
  origin::OriginSlots origin_slots;
  auth::Attempts attempts;
  intercept::Shared opening;
  /// Checks passwords. One hash may take a second; with only two threads here the other CPUs stay
  /// free for the workers.
  async::Pool pool{2, 256, base::kBehindWorkers};

  /// Calls `ask` with each worker but `self`.
  void ask_others(const Colleague& self, const std::function<void(Colleague&)>& ask);
  /// The running workers; each adds and removes itself.
  std::mutex workers_mutex;
  std::vector<class Worker*> workers;
  /// Counts of the workers that have ended. Also guarded by workers_mutex.
  std::vector<WorkerStatus> ended;
};

}  // namespace weir::proxy
