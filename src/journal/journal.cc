#include "journal/journal.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/account.h"

namespace weir::journal {
namespace {

constexpr size_t kBatch = 32 * 1024;
constexpr uint64_t kFlushMs = 100;

}  // namespace

WorkerJournal::WorkerJournal(AccessLog& log, Denials& denials) : log_(log), denials_(denials) {}

WorkerJournal::~WorkerJournal() {
  flush();
}

void WorkerJournal::flush() {
  if (batch_.empty()) return;
  last_batch_ = batch_.size();
  log_.submit(std::move(batch_), lines_, setting_.target);
  batch_.clear();
  lines_ = 0;
}

void WorkerJournal::use(LogSetting setting) {
  flush();
  setting_ = std::move(setting);
}

void WorkerJournal::count(const http::Exchange& exchange) {
  rule_counts_.note(exchange);
  ++totals_.requests;
  totals_.sent += exchange.sent;
  totals_.received += exchange.received;
  totals_.reused += exchange.reused_connection;
  ++totals_.by_status[std::min(exchange.status / 100, 5)];
  ++totals_.by_tls[static_cast<size_t>(exchange.tls)];
  ++totals_.by_aside[static_cast<size_t>(exchange.aside)];
  if (exchange.has_error()) {
    ++totals_.errors;
  } else if (std::string_view(exchange.ended()) == "complete") {
    ++totals_.complete;
  } else {
    ++totals_.client_closed;
  }
}

void WorkerJournal::record(const http::Exchange& exchange) {
  count(exchange);
  std::string_view outcome = exchange.ended();
  if (exchange.has_error()) {
    outcome = base::name_of(exchange.error_type());
  } else if (stopping_ && outcome == "client_closed") {
    outcome = stopping_;
  }
  const size_t before = batch_.size();
  // Destructors call this, so no exception may leave it.
  try {
    denials_.note(exchange);
    if (batch_.empty()) {
      flush_.set(async::EventLoop::current().now_ms() + kFlushMs);
      // A worker that was busy a moment ago probably still is: reserve the whole batch, so that it
      // need not grow step by step.
      if (last_batch_ > kBatch / 4 && base::Account::stand() == base::Memory::enough)
        batch_.reserve(kBatch + kBatch / 4);
    }
    append_line(batch_, setting_.format,
                {exchange, outcome, async::EventLoop::current().now_ms() - exchange.started_ms},
                clock_);
  } catch (const std::bad_alloc&) {
    batch_.resize(before);
    return log_.drop(1);
  }
  ++lines_;
  if (batch_.size() >= kBatch) flush();
}

}  // namespace weir::journal
