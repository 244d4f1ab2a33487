// Each exchange's line.
#pragma once
#include <cstdint>
#include <string>

#include "async/deadline.h"
#include "http/exchange.h"
#include "proxy/access_log.h"

namespace weir::proxy {

/// One a worker: makes the lines and hands them on in batches, at the latest 100 ms after the first.
class WorkerJournal final : public http::Journal {
 public:
  explicit WorkerJournal(AccessLog& log);
  ~WorkerJournal() override;
  void record(const http::Exchange& exchange) override;
  /// From now on what ends is cut by us, not by its client.
  void stopping() { stopping_ = true; }
  uint64_t recorded() const { return recorded_; }

 private:
  struct Flush : async::Deadline {
    explicit Flush(WorkerJournal& journal) : Deadline([](Deadline& self) { static_cast<Flush&>(self).journal.flush(); }), journal(journal) {}
    WorkerJournal& journal;
  };
  void flush();
  void append_time(int64_t wall_ms);

  AccessLog& log_;
  Flush flush_;
  std::string batch_;
  uint64_t lines_ = 0;
  uint64_t recorded_ = 0;
  bool stopping_ = false;
  int64_t time_second_ = -1;
  std::string time_text_;
};

}  // namespace weir::proxy
