#include "proxy/run.h"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fstream>
#include <latch>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>

#include "base/account.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "config/reader.h"
#include "net/listener.h"
#include "net/splice.h"
#include "proxy/control.h"
#include "proxy/listeners.h"
#include "proxy/state_dir.h"
#include "proxy/worker.h"

namespace weir::proxy {
namespace {

/// What the control group may use of the machine's time, in CPUs (cgroup v2, cpu.max: `QUOTA PERIOD`); 0 where nothing is said.
uint32_t cgroup_cpus() {
  std::ifstream group("/proc/self/cgroup");
  std::string line;
  while (std::getline(group, line)) {
    if (!line.starts_with("0::")) continue;
    std::ifstream file("/sys/fs/cgroup" + line.substr(3) + "/cpu.max");
    double quota = 0, period = 0;
    if (file >> quota >> period && period > 0) return static_cast<uint32_t>(std::max(1.0, quota / period + 0.5));
  }
  return 0;
}

uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const auto cpus = static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  const uint32_t quota = cgroup_cpus();
  return quota != 0 ? std::min(cpus, quota) : cpus;
}

/// What the limit of open files bears.
struct Bearable {
  uint32_t connections;  // Of clients.
  uint32_t spare;        // Descriptors that only origin connections may take.
};

/// A client may cost a descriptor or two: who comes finds some left for the origins of those who are there. Other descriptors are for
/// pipes (two each), for listeners, loops, files, name servers.
Bearable bearable_connections(uint32_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {wanted, 0};
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  constexpr rlim_t kOthers = 128;
  const rlim_t pipes = std::min<rlim_t>(limit.rlim_cur / 16, 1024);
  net::set_most_pipes(static_cast<uint32_t>(pipes));
  const rlim_t sockets = limit.rlim_cur - std::min(kOthers, limit.rlim_cur / 4) - 2 * pipes;
  net::set_most_descriptors(static_cast<uint32_t>(std::min<rlim_t>(sockets, UINT32_MAX)));
  const rlim_t spare = sockets / 8;
  return {static_cast<uint32_t>(std::min<rlim_t>(wanted, sockets - spare)), static_cast<uint32_t>(std::min<rlim_t>(spare, UINT32_MAX))};
}

/// Two Weirs in a chain are no loop: the name in Via has a part of its own, unless the owner gave one.
std::string via_name(const Config& config) {
  if (config.via_pseudonym != Config().via_pseudonym) return config.via_pseudonym;
  static constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::string name = config.via_pseudonym + "-";
  for (int i = 0; i < 8; ++i) name += kLetters[random() % 36];
  return name;
}

/// Rules of listeners that are gone stay for the sessions that came by them.
PipelineParts make_parts(const Config& config, const Listeners::Change& change, const PipelineParts* before, const std::string& via,
                         std::shared_ptr<auth::Login> login) {
  PipelineParts parts;
  parts.own = std::make_shared<const http::OwnNames>(config.own_name, change.listening);
  parts.login = std::move(login);
  parts.via = via;
  parts.version = WEIR_VERSION;
  const policy::OwnAddresses own(change.listening, net::interface_addresses());
  for (size_t number = 0; number < change.index_of.size(); ++number) {
    if (change.index_of[number] < 0) {
      parts.rules.push_back(before->rules[number]);
      parts.clients.push_back(before->clients[number]);
      continue;
    }
    const ListenerConfig& listener = config.listeners[static_cast<size_t>(change.index_of[number])];
    parts.rules.push_back(
        std::make_shared<const policy::ListenerRules>(listener.policy, config::is_reachable(listener), config.blocked_ports, own));
    parts.clients.push_back(listener.clients);
  }
  return parts;
}

/// The target stays open where a reload does not change it.
std::expected<LogSetting, std::string> make_log(const config::LogConfig& config, const Snapshot* before) {
  LogSetting setting{log_format(config.format), nullptr};
  if (before && before->config.log.to == config.to && before->config.log.syslog_socket == config.syslog_socket) {
    setting.target = before->log.target;
    return setting;
  }
  auto target = open_log_target(config);
  if (!target) return std::unexpected(std::move(target).error());
  setting.target = *std::move(target);
  return setting;
}

void announce(const std::vector<base::Endpoint>& listening, size_t workers, const config::LogConfig& log, bool login) {
  for (const base::Endpoint& endpoint : listening) base::log_event("listening on " + endpoint.text());
  base::Endpoint first = listening.front();
  if (first.address.is_unspecified()) first.address = first.address.is_v4() ? base::IpAddress::v4(127, 0, 0, 1) : *base::IpAddress::parse("::1");
  base::log_event("point a client at it with http_proxy=http://" + first.text() + " https_proxy=http://" + first.text());
  base::log_event(std::string("on: HTTP/1.1 forwarding, CONNECT tunnels, WebSocket, ") + (login ? "login, " : "") + "access log on " +
                  (log.to == "stdout" ? "standard output" : log.to) + "; workers: " + std::to_string(workers));
}

constexpr const char* kEnding = "the old configuration stays: Weir is ending";

/// The main thread's part: signals, the control socket, reloads.
class Master {
 public:
  explicit Master(const Config& config)
      : log_(config.log_backlog_bytes), shared_(log_, config.max_connections, config.origin.connections_per_origin),
        count_(config.workers != 0 ? config.workers : usable_cpus()), listeners_(count_), via_(via_name(config)) {}

  int run(const Config& config);

 private:
  bool start(const Config& config);
  void limit_connections(const Config& config) {
    const Bearable bearable = bearable_connections(config.max_connections);
    shared_.max_connections = bearable.connections;
    shared_.spare_descriptors = bearable.spare;
  }
  /// Empty, or why the old configuration stays.
  std::string reload();
  /// What each worker says once it has done all that it was told before; those that say it in time.
  std::vector<WorkerStatus> hear();
  std::string status();
  std::string answer(const std::string& word);
  void end(uint64_t drain_ms);
  void stop_workers(const char* reason) {
    std::lock_guard lock(shared_.workers_mutex);
    for (Worker* worker : shared_.workers) worker->stop(reason);
  }
  bool workers_run() {
    std::lock_guard lock(shared_.workers_mutex);
    return !shared_.workers.empty();
  }

  AccessLog log_;
  Shared shared_;
  const size_t count_;
  Listeners listeners_;
  const std::string via_;
  SnapshotRef snapshot_;
  std::vector<std::thread> threads_;
  Control control_;
  StateDir state_;
  /// Of the start: a reload does not move it.
  std::string state_path_;
  int signals_ = -1;
  const uint64_t started_ms_ = base::monotonic_ms();
  uint64_t reloads_ = 0;
  /// Nobody is let in any more.
  bool ending_ = false;
};

/// The password file, if there is one.
std::expected<std::shared_ptr<auth::Login>, std::string> open_login(const auth::Config& config) {
  if (config.file.empty()) return std::shared_ptr<auth::Login>();
  return auth::Login::open(config);
}

bool Master::start(const Config& config) {
  limit_connections(config);
  base::Account::set_limit(config.memory_bytes);
  auto login = open_login(config.login);
  if (!login) {
    base::log_event(login.error());
    return false;
  }
  auto change = listeners_.plan(config);
  if (!change) {
    base::log_event(change.error());
    return false;
  }
  auto log = make_log(config.log, nullptr);
  if (!log) {
    base::log_event(log.error());
    return false;
  }
  // Not the default one: two Weirs with nothing but a port each keep nothing, and need not share it.
  if (!config.state_dir.empty()) {
    if (const std::string why = state_.open(config.state_dir); !why.empty()) {
      base::log_event(why);
      return false;
    }
  }
  state_path_ = config.state_dir.empty() ? config::default_state_dir() : config.state_dir;
  listeners_.commit(config, *change);
  snapshot_ = std::make_shared<const Snapshot>(Snapshot{config, make_parts(config, *change, nullptr, via_, *login), *log});
  std::latch ready(static_cast<std::ptrdiff_t>(count_));
  for (size_t i = 0; i < count_; ++i) {
    threads_.emplace_back([&, i] {
      try {
        Worker worker(shared_, snapshot_, std::move(change->opened[i]));
        ready.count_down();
        worker.run();
      } catch (const std::system_error& error) {
        // Too few descriptors for a loop of its own: nothing can be served.
        base::log_event(std::string("a worker can't start: ") + error.what());
        std::_Exit(1);
      }
    });
  }
  ready.wait();
  const std::string path = config.control.empty() ? config::default_control_path(change->listening.front().port) : config.control;
  if (const std::string why = control_.open(path); !why.empty()) base::log_event("no control socket: " + why);
  announce(change->listening, count_, config.log, !config.login.file.empty());
  return true;
}

std::string Master::reload() {
  if (snapshot_->config.file.empty()) return "there is no configuration file to read again: Weir was started with a port";
  auto read = config::read_file(snapshot_->config.file);
  if (!read) return config::text_of(read.error());
  Config config = *std::move(read);
  config.file = snapshot_->config.file;
  config.debug |= base::debug_enabled;
  auto login = open_login(config.login);
  if (!login) return login.error();
  auto change = listeners_.plan(config);
  if (!change) return change.error();
  auto log = make_log(config.log, snapshot_.get());
  if (!log) return log.error();
  auto snapshot = std::make_shared<const Snapshot>(Snapshot{config, make_parts(config, *change, &snapshot_->parts, via_, *login), *log});
  listeners_.commit(config, *change);
  limit_connections(config);
  shared_.origin_slots.set_most(config.origin.connections_per_origin);
  base::Account::set_limit(config.memory_bytes);
  snapshot_ = std::move(snapshot);
  {
    std::lock_guard lock(shared_.workers_mutex);
    for (size_t i = 0; i < shared_.workers.size(); ++i) shared_.workers[i]->apply(snapshot_, std::move(change->opened[i]), change->closed);
  }
  // Whoever is told that it was done finds it done: the new rules hold, and a listener that is gone has left its address.
  (void)hear();
  for (const std::string& words : change->words) base::log_event(words);
  ++reloads_;
  return {};
}

/// What is compared with the limit is what is accounted; of it, what is promised is not held yet, and what is kept is used by nobody.
void append_memory(std::string& text, const WorkerStatus& all) {
  const auto line = [&](std::string_view name, int64_t value) {
    text.append("memory_").append(name).append(": ").append(std::to_string(std::max<int64_t>(0, value))) += '\n';
  };
  const auto held = base::Account::held();
  int64_t sum = 0;
  for (const int64_t each : held) sum += each;
  line("limit", static_cast<int64_t>(base::Account::limit()));
  line("accounted", sum);
  for (size_t i = 0; i < base::kHoldings; ++i) line(base::name_of(static_cast<base::Holding>(i)), held[i]);
  line("kept", static_cast<int64_t>(all.memory_kept));
  text += "requests_refused_for_memory: " + std::to_string(all.refused_for_memory) + '\n';
  text += "cut_for_lowest_rate: " + std::to_string(all.drips_cut) + '\n';
}

std::vector<WorkerStatus> Master::hear() {
  struct Gathered {
    std::mutex mutex;
    std::condition_variable told;
    std::vector<WorkerStatus> statuses;
  };
  auto gathered = std::make_shared<Gathered>();
  size_t asked;
  {
    std::lock_guard lock(shared_.workers_mutex);
    asked = shared_.workers.size();
    for (Worker* worker : shared_.workers) {
      worker->tell([gathered](const WorkerStatus& status) {
        std::lock_guard inner(gathered->mutex);
        gathered->statuses.push_back(status);
        gathered->told.notify_one();
      });
    }
  }
  std::unique_lock lock(gathered->mutex);
  // A worker that has just come to its end says nothing.
  gathered->told.wait_for(lock, std::chrono::milliseconds(ending_ ? 200 : 2000), [&] { return gathered->statuses.size() == asked; });
  return gathered->statuses;
}

std::string Master::status() {
  const std::vector<WorkerStatus> statuses = hear();
  WorkerStatus all;
  for (const WorkerStatus& each : statuses) {
    all.connections += each.connections;
    all.exchanges += each.exchanges;
    all.idle_origin_connections += each.idle_origin_connections;
    all.cached_names += each.cached_names;
    all.questions_asked += each.questions_asked;
    all.loop_turns += each.loop_turns;
    all.memory_kept += each.memory_kept;
    all.refused_for_memory += each.refused_for_memory;
    all.drips_cut += each.drips_cut;
    all.longest_stretch_us = std::max(all.longest_stretch_us, each.longest_stretch_us);
    all.totals.requests += each.totals.requests;
    all.totals.sent += each.totals.sent;
    all.totals.received += each.totals.received;
    all.totals.reused += each.totals.reused;
    all.totals.complete += each.totals.complete;
    all.totals.client_closed += each.totals.client_closed;
    all.totals.errors += each.totals.errors;
    for (int i = 0; i < 6; ++i) all.totals.by_status[i] += each.totals.by_status[i];
  }
  std::string text = "version: " WEIR_VERSION "\n";
  const auto line = [&](std::string_view name, uint64_t value) { text.append(name).append(": ").append(std::to_string(value)) += '\n'; };
  line("uptime_s", (base::monotonic_ms() - started_ms_) / 1000);
  line("workers", count_);
  line("workers_that_answered", statuses.size());
  text += "state_dir: " + (state_path_.empty() ? "none" : state_path_) + '\n';
  line("reloads", reloads_);
  line("ending", ending_);
  line("client_connections", shared_.connections.load());
  line("client_connections_limit", shared_.max_connections.load());
  line("sessions", all.connections);
  line("exchanges_running", all.exchanges);
  line("exchanges_ended", all.totals.requests);
  line("exchanges_complete", all.totals.complete);
  line("exchanges_client_closed", all.totals.client_closed);
  line("exchanges_failed", all.totals.errors);
  for (int i = 0; i < 6; ++i) line(i == 0 ? "status_none" : "status_" + std::to_string(i) + "xx", all.totals.by_status[i]);
  line("bytes_sent_to_clients", all.totals.sent);
  line("content_bytes_from_clients", all.totals.received);
  line("requests_on_reused_connections", all.totals.reused);
  line("idle_origin_connections", all.idle_origin_connections);
  line("names_cached", all.cached_names);
  line("name_questions_asked", all.questions_asked);
  append_memory(text, all);
  line("log_lines_dropped", log_.dropped());
  line("exceptions_caught", async::exceptions_caught());
  line("loop_turns", all.loop_turns);
  line("longest_stretch_us", all.longest_stretch_us);
  return text;
}

std::string Master::answer(const std::string& word) {
  if (word == "status") return "ok\n" + status();
  if (word == "reload" && ending_) return std::string(kEnding) + "\n";
  if (word == "reload") {
    const std::string why = reload();
    if (why.empty()) base::log_event("reloaded " + snapshot_->config.file);
    return why.empty() ? "ok\nreloaded\n" : "the old configuration stays: " + why + (why.ends_with('\n') ? "" : "\n");
  }
  return "unknown word: " + word.substr(0, 40) + "\n";
}

/// Waits until all workers have ended; a second signal ends them at once.
void Master::end(uint64_t drain_ms) {
  ending_ = true;
  {
    std::lock_guard lock(shared_.workers_mutex);
    for (Worker* worker : shared_.workers) worker->drain();
  }
  const uint64_t until_ms = base::monotonic_ms() + drain_ms;
  bool stopped = false;
  while (workers_run()) {
    pollfd ready[2] = {{signals_, POLLIN, 0}, {control_.descriptor(), POLLIN, 0}};
    poll(ready, 2, 10);
    if (ready[1].revents & POLLIN) control_.serve([this](const std::string& word) { return answer(word); });
    signalfd_siginfo info;
    const bool told = (ready[0].revents & POLLIN) && read(signals_, &info, sizeof info) == sizeof info;
    const bool again = told && (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT);
    if (told && info.ssi_signo == SIGUSR1) log_.reopen(snapshot_->log.target);
    if (told && info.ssi_signo == SIGHUP) base::log_event(kEnding);
    if (!stopped && (again || base::monotonic_ms() >= until_ms)) {
      stop_workers("drained");
      stopped = true;
    }
  }
  for (std::thread& thread : threads_) thread.join();
}

int Master::run(const Config& config) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  // Threads inherit the mask.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (!start(config)) return 1;
  for (;;) {
    pollfd ready[2] = {{signals_, POLLIN, 0}, {control_.descriptor(), POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) break;
    if (ready[1].revents & POLLIN) control_.serve([this](const std::string& word) { return answer(word); });
    signalfd_siginfo info;
    if (!(ready[0].revents & POLLIN) || read(signals_, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      const std::string why = reload();
      base::log_event(why.empty() ? "reloaded " + snapshot_->config.file : "the old configuration stays: " + why);
    } else if (info.ssi_signo == SIGUSR1) {
      log_.reopen(snapshot_->log.target);
    } else {
      break;
    }
  }
  end(snapshot_->config.drain_timeout_ms);
  base::log_event("stopped; the longest stretch of a worker without returning to its loop took " +
                  std::to_string(shared_.longest_stretch_us.load()) + " us");
  return 0;
}

}  // namespace

int run(const Config& config) {
  base::debug_enabled = config.debug;
  std::signal(SIGPIPE, SIG_IGN);
  return Master(config).run(config);
}

}  // namespace weir::proxy
