#include "proxy/status.h"

#include <algorithm>

#include "async/task.h"
#include "base/account.h"
#include "base/text.h"

namespace weir::proxy {
namespace {

WorkerStatus sum_of(const std::vector<WorkerStatus>& workers) {
  WorkerStatus all;
  for (const WorkerStatus& each : workers) {
    all.connections += each.connections;
    all.exchanges += each.exchanges;
    all.idle_origin_connections += each.idle_origin_connections;
    all.cached_names += each.cached_names;
    all.questions_asked += each.questions_asked;
    all.loop_turns += each.loop_turns;
    all.memory_kept += each.memory_kept;
    all.refused_for_memory += each.refused_for_memory;
    all.drips_cut += each.drips_cut;
    all.errands += each.errands;
    all.errands_started += each.errands_started;
    all.errands_failed += each.errands_failed;
    all.longest_stretch_us = std::max(all.longest_stretch_us, each.longest_stretch_us);
    all.totals.requests += each.totals.requests;
    all.totals.sent += each.totals.sent;
    all.totals.received += each.totals.received;
    all.totals.reused += each.totals.reused;
    all.totals.complete += each.totals.complete;
    all.totals.client_closed += each.totals.client_closed;
    all.totals.errors += each.totals.errors;
    for (int i = 0; i < 6; ++i) all.totals.by_status[i] += each.totals.by_status[i];
    for (size_t i = 0; i < http::kTlsInsides; ++i) all.totals.by_tls[i] += each.totals.by_tls[i];
    for (size_t i = 0; i < http::kAsides; ++i) all.totals.by_aside[i] += each.totals.by_aside[i];
  }
  return all;
}

/// The limit applies to `accounted`. That includes promised memory, which is not held yet, and kept
/// memory, which nothing uses now.
void append_memory(std::string& text, const WorkerStatus& all) {
  const auto line = [&](std::string_view name, int64_t value) {
    text.append("memory_").append(name).append(": ").append(
        std::to_string(std::max<int64_t>(0, value))) += '\n';
  };
  const auto held = base::Account::held();
  int64_t sum = 0;
  for (const int64_t each : held) sum += each;
  line("limit", static_cast<int64_t>(base::Account::limit()));
  line("accounted", sum);
  for (size_t i = 0; i < base::kHoldings; ++i)
    line(base::name_of(static_cast<base::Holding>(i)), held[i]);
  line("kept", static_cast<int64_t>(all.memory_kept));
  text += "requests_refused_for_memory: " + std::to_string(all.refused_for_memory) + '\n';
  text += "cut_for_lowest_rate: " + std::to_string(all.drips_cut) + '\n';
}

/// Tunnels that carried TLS, and what was learned about where opening does not work.
std::string tls_text(const journal::Totals& totals, const std::vector<intercept::Finding>& known) {
  std::string text;
  for (size_t i = 1; i < http::kTlsInsides; ++i)
    text.append("tls_").append(http::word_of(static_cast<http::TlsInside>(i))) +=
        ": " + std::to_string(totals.by_tls[i]) + '\n';
  for (size_t i = 1; i < http::kAsides; ++i) {
    if (totals.by_aside[i] == 0) continue;
    text.append("step_aside_").append(http::word_of(static_cast<http::Aside>(i))) +=
        ": " + std::to_string(totals.by_aside[i]) + '\n';
  }
  for (const intercept::Finding& each : known) {
    text.append("not_opened: ").append(http::word_of(each.aside));
    if (each.alert != 0) text += " alert=" + std::to_string(each.alert);
    const auto named = [&](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      text += name;
      base::append_escaped_for_log(text, value);
    };
    named(" client=", each.client);
    named(" host=", each.host);
    text += " age_s=" + std::to_string(each.age_ms / 1000) + '\n';
  }
  return text;
}

std::string rules_text(const std::vector<WorkerStatus>& workers) {
  journal::RuleCounts all;
  for (const WorkerStatus& each : workers) {
    if (each.rule_counts) all.add(*each.rule_counts);
  }
  return all.text();
}

}  // namespace

std::string status_text(const ProcessStatus& process, const std::vector<WorkerStatus>& workers) {
  const WorkerStatus all = sum_of(workers);
  std::string text = "version: " WEIR_VERSION "\n";
  const auto line = [&](std::string_view name, uint64_t value) {
    text.append(name).append(": ").append(std::to_string(value)) += '\n';
  };
  line("uptime_s", process.uptime_s);
  line("workers", process.workers);
  line("workers_that_answered",
       static_cast<uint64_t>(std::ranges::count(workers, true, &WorkerStatus::serves_clients)));
  text.append("state_dir: ")
      .append(process.state_dir.empty() ? std::string_view("none") : process.state_dir) += '\n';
  line("reloads", process.reloads);
  line("ending", process.ending);
  line("client_connections", process.client_connections);
  line("client_connections_limit", process.client_connections_limit);
  line("sessions", all.connections);
  line("exchanges_running", all.exchanges);
  line("exchanges_ended", all.totals.requests);
  line("exchanges_complete", all.totals.complete);
  line("exchanges_client_closed", all.totals.client_closed);
  line("exchanges_failed", all.totals.errors);
  for (int i = 0; i < 6; ++i)
    line(i == 0 ? "status_none" : "status_" + std::to_string(i) + "xx", all.totals.by_status[i]);
  line("bytes_sent_to_clients", all.totals.sent);
  line("content_bytes_from_clients", all.totals.received);
  line("requests_on_reused_connections", all.totals.reused);
  if (all.errands_started > 0) {
    line("own_requests_running", all.errands);
    line("own_requests_started", all.errands_started);
    line("own_requests_failed", all.errands_failed);
  }
  line("idle_origin_connections", all.idle_origin_connections);
  line("names_cached", all.cached_names);
  line("name_questions_asked", all.questions_asked);
  append_memory(text, all);
  line("log_lines_dropped", process.log_lines_dropped);
  line("exceptions_caught", async::exceptions_caught());
  line("loop_turns", all.loop_turns);
  line("longest_stretch_us", all.longest_stretch_us);
  if (!process.opening.empty()) text += "https: " + process.opening + '\n';
  text += tls_text(all.totals, process.not_opened);
  return text + rules_text(workers);
}

}  // namespace weir::proxy
