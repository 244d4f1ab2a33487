// What the workers share.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "async/pool.h"
#include "journal/access_log.h"
#include "origin/pool/origin_slots.h"
#include "proxy/client_counts.h"
#include "proxy/status.h"
#include "stages/auth/attempts.h"

namespace weir::proxy {

/// What one worker may ask of another. Any thread; done later, on that worker.
class Colleague {
 public:
  /// Looks whether memory or connections come near their limit. `scarce`: it keeps no free memory.
  virtual void relieve(bool scarce) = 0;
  /// Closes its longest idle connection of a client.
  virtual void shed_one() = 0;
  /// Closes its longest idle connection, of an origin where there is one.
  virtual void shed_descriptor() = 0;
  /// Closes an idle connection to that origin, to make place for another worker's.
  virtual void give_up_idle(const std::string& authority) = 0;

 protected:
  ~Colleague() = default;
};

/// Outlives the workers.
struct Shared {
  Shared(journal::AccessLog& log, uint32_t max_connections, uint32_t per_origin)
      : log(log), max_connections(max_connections), origin_slots(per_origin) {}

  journal::AccessLog& log;
  /// Of clients, in all workers, and how many there may be.
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> max_connections;
  /// Descriptors that new clients leave to the origin connections of those who are there.
  std::atomic<uint32_t> spare_descriptors{0};
  std::atomic<uint64_t> longest_stretch_us{0};
  /// Earliest time at which a worker asks the others to give memory back.
  std::atomic<uint64_t> ask_again_ms{0};
  /// Earliest time at which the lack of memory is told again.
  std::atomic<uint64_t> say_again_ms{0};
  ClientCounts client_counts;
  origin::OriginSlots origin_slots;
  auth::Attempts attempts;
  /// Checks passwords. A second is what such a hash may take: two threads leave the others to the
  /// workers.
  async::Pool pool{2, 256};

  /// Calls `ask` with each worker but `self`.
  void ask_others(const Colleague& self, const std::function<void(Colleague&)>& ask);
  /// All that run; each puts itself in and takes itself out.
  std::mutex workers_mutex;
  std::vector<class Worker*> workers;
  /// What those who have ended had counted. Under that lock too.
  std::vector<WorkerStatus> ended;
};

}  // namespace weir::proxy
