#include "proxy/shared.h"

#include "proxy/worker.h"

namespace weir::proxy {

void Shared::ask_others(const Colleague& self, const std::function<void(Colleague&)>& ask) {
  std::lock_guard lock(workers_mutex);
  for (Worker* worker : workers) {
    if (worker != &self) ask(*worker);
  }
}

}  // namespace weir::proxy
