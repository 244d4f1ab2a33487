// Each exchange's line.
#pragma once
#include <cstdint>
#include <string>

#include "async/deadline.h"
#include "http/exchange.h"
#include "journal/access_log.h"

namespace weir::journal {

/// Since the start.
struct Totals {
  uint64_t requests = 0;
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t reused = 0;
  /// By status class: none, 1xx to 5xx.
  uint64_t by_status[6] = {};
  uint64_t complete = 0;
  uint64_t client_closed = 0;
  uint64_t errors = 0;
};

/// One a worker: makes the lines and hands them on in batches, at the latest 100 ms after the
/// first.
class WorkerJournal final : public http::Journal {
 public:
  explicit WorkerJournal(AccessLog& log);
  ~WorkerJournal() override;
  void record(const http::Exchange& exchange) override;
  /// For the lines from now on; before the first one.
  void use(LogSetting setting);
  /// From now on what ends is cut by us, not by its client; the log says so with this word (static
  /// text).
  void stopping(const char* reason) { stopping_ = reason; }
  const Totals& totals() const { return totals_; }

 private:
  void count(const http::Exchange& exchange);
  void flush();

  AccessLog& log_;
  async::Alarm<WorkerJournal, &WorkerJournal::flush> flush_{*this};
  std::string batch_;
  size_t last_batch_ = 0;
  uint64_t lines_ = 0;
  Totals totals_;
  const char* stopping_ = nullptr;
  LogSetting setting_;
  LogClock clock_;
};

}  // namespace weir::journal
