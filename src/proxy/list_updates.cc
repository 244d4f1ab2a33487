#include "proxy/list_updates.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/clock.h"
#include "base/event_log.h"
#include "lists/url.h"
#include "proxy/worker.h"

namespace weir::proxy {
namespace {

double any_chance() {
  std::random_device device;
  constexpr double kAll = static_cast<double>(std::random_device::max()) + 1;
  return static_cast<double>(device()) / kAll;
}

}  // namespace

void ListUpdates::use(const std::string& folder, const lists::ListConfigs& configs,
                      const std::set<std::string>& off) {
  copies_ = lists::Copies(folder);
  auto before = std::exchange(sources_, {});
  if (!copies_.can_keep()) return;
  for (const auto& [name, config] : configs) {
    if (off.contains(name)) continue;
    for (const std::string& url : config.urls) {
      const auto refresh = static_cast<int64_t>(config.refresh_ms / 1000);
      if (const auto known = sources_.find(url); known != sources_.end()) {
        known->second.refresh = std::min(known->second.refresh, refresh);
        continue;
      }
      Source& source = sources_[url];
      if (const auto old = before.find(url); old != before.end()) {
        source = std::move(old->second);
      } else {
        source.copy = copies_.state_of(url);
        source.tried.checked = source.copy.checked;
        source.chance = any_chance();
      }
      source.refresh = refresh;
    }
  }
}

bool ListUpdates::busy() const {
  return std::ranges::any_of(sources_, [](const auto& each) { return each.second.running; });
}

int64_t ListUpdates::next(const Source& source) {
  return source.asked ? 0 : lists::next_fetch(source.tried, source.refresh, source.chance);
}

bool ListUpdates::tend() {
  bool changed = false;
  for (auto& [url, fetched] : box_->take()) changed |= take(url, std::move(fetched));
  const int64_t now = base::wall_seconds();
  auto running = static_cast<size_t>(
      std::ranges::count_if(sources_, [](const auto& each) { return each.second.running; }));
  for (auto& [url, source] : sources_) {
    if (running >= kMostAtOnce) break;
    if (source.running || next(source) > now) continue;
    start(url, source);
    running += source.running;
  }
  return changed;
}

void ListUpdates::start(const std::string& url, Source& source) {
  auto job = std::make_shared<FetchJob>(url, copies_.path_to_write(url), source.copy, box_);
  source.running = true;
  source.asked = false;
  // If there is no worker, the job's end says so.
  (void)run_in_house_(
      [job = std::move(job)](Worker& worker) { worker.spawn(fetch_list(worker, job)); });
}

bool ListUpdates::take(const std::string& url, Fetched fetched) {
  const auto known = sources_.find(url);
  if (known == sources_.end()) return false;  // A reload has left it out meanwhile.
  Source& source = known->second;
  source.running = false;
  std::expected<void, std::string> kept;
  if (fetched.what == Fetched::What::came) kept = copies_.take(url, fetched.state);
  if (fetched.what == Fetched::What::same) kept = copies_.note(url, fetched.state);
  if (fetched.what == Fetched::What::failed) kept = std::unexpected(std::move(fetched.why));
  if (!kept) {
    ++source.tried.failures;
    source.tried.last_failure = base::wall_seconds();
    source.why = std::move(kept).error();
    base::log_event(url + ' ' + source.why +
                    (source.copy.fetched != 0 ? "; the last good copy stays" : ""));
    return false;
  }
  source.copy = std::move(fetched.state);
  source.tried = {.checked = source.copy.checked};
  source.why.clear();
  return fetched.what == Fetched::What::came;
}

void ListUpdates::ask(const std::string& url) {
  if (const auto known = sources_.find(url); known != sources_.end()) known->second.asked = true;
}

const ListUpdates::Source* ListUpdates::find(const std::string& url) const {
  const auto known = sources_.find(url);
  return known == sources_.end() ? nullptr : &known->second;
}

}  // namespace weir::proxy
