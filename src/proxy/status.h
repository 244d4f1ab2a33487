// The answer to `weir status`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "intercept/learned.h"
#include "journal/journal.h"

namespace weir::proxy {

/// The counts of one worker.
struct WorkerStatus {
  const void* worker = nullptr;  // Identifies the worker.
  bool serves_clients = true;
  size_t connections = 0;
  size_t exchanges = 0;
  size_t idle_origin_connections = 0;
  size_t cached_names = 0;
  uint64_t questions_asked = 0;
  uint64_t longest_stretch_us = 0;
  uint64_t loop_turns = 0;
  /// Bytes in its free lists.
  uint64_t memory_kept = 0;
  uint64_t refused_for_memory = 0;
  uint64_t drips_cut = 0;
  /// Requests of Weir's own: running, and since the start.
  size_t errands = 0;
  uint64_t errands_started = 0, errands_failed = 0;
  journal::Totals totals;
  /// Null where there was no memory for it.
  std::shared_ptr<const journal::RuleCounts> rule_counts;
};

/// The part of the status that the main thread knows.
struct ProcessStatus {
  uint64_t uptime_s = 0;
  size_t workers = 0;
  std::string_view state_dir;  // Empty: no such folder.
  uint64_t reloads = 0;
  bool ending = false;
  uint32_t client_connections = 0;
  uint32_t client_connections_limit = 0;
  uint64_t log_lines_dropped = 0;
  std::string opening = {};  // Which HTTPS is opened; empty: none is.
  /// Where opening does not work; the newest ones.
  std::vector<intercept::Finding> not_opened = {};
};

/// One `name: value` per line; counts of workers are added up. docs/guide/operating.md explains
/// each line.
std::string status_text(const ProcessStatus& process, const std::vector<WorkerStatus>& workers);

}  // namespace weir::proxy
