// Writes a log line for each exchange.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "async/deadline.h"
#include "http/exchange.h"
#include "journal/access_log.h"
#include "journal/denials.h"
#include "journal/rule_counts.h"

namespace weir::journal {

/// Counts since the start.
struct Totals {
  uint64_t requests = 0;
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t reused = 0;
  /// Indexed by status class: none, 1xx to 5xx.
  uint64_t by_status[6] = {};
  uint64_t complete = 0;
  uint64_t client_closed = 0;
  uint64_t errors = 0;
  /// Tunnels that carried TLS, by http::TlsInside; those that were not opened, by http::Aside.
  std::array<uint64_t, http::kTlsInsides> by_tls{};
  std::array<uint64_t, http::kAsides> by_aside{};
};

/// One per worker. Makes the lines and hands them to the access log in batches, at most 100 ms
/// after a batch's first line.
class WorkerJournal final : public http::Journal {
 public:
  /// Both outlive this.
  WorkerJournal(AccessLog& log, Denials& denials);
  ~WorkerJournal() override;
  void record(const http::Exchange& exchange) override;
  /// Sets format and target for the following lines. Must be called before the first line.
  void use(LogSetting setting);
  /// Call it when the worker stops: from then on, exchanges that would be logged as closed by their
  /// client are logged with `reason` (static text), because it is Weir that cuts them.
  void stopping(const char* reason) { stopping_ = reason; }
  const Totals& totals() const { return totals_; }
  const RuleCounts& rule_counts() const { return rule_counts_; }

 private:
  void count(const http::Exchange& exchange);
  void flush();

  AccessLog& log_;
  Denials& denials_;
  async::Alarm<WorkerJournal, &WorkerJournal::flush> flush_{*this};
  std::string batch_;
  size_t last_batch_ = 0;
  uint64_t lines_ = 0;
  Totals totals_;
  RuleCounts rule_counts_;
  const char* stopping_ = nullptr;
  LogSetting setting_;
  LogClock clock_;
};

}  // namespace weir::journal
