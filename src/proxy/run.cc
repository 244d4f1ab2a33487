#include "proxy/run.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <latch>
#include <random>
#include <thread>

#include "base/event_log.h"
#include "net/listener.h"
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

/// Each connection may cost two descriptors and a pipe; what is left is for listeners, loops, files.
uint32_t connections_for_open_files(uint32_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  constexpr rlim_t kOthers = 128;
  const rlim_t possible = limit.rlim_cur > 2 * kOthers ? (limit.rlim_cur - kOthers) / 2 : kOthers / 2;
  return static_cast<uint32_t>(std::min<rlim_t>(wanted, possible));
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

using Sockets = std::vector<std::vector<std::pair<uint32_t, net::BoundSocket>>>;  // By worker.

bool bind_all(const Config& config, size_t workers, Sockets& sockets, std::vector<base::Endpoint>& listening) {
  sockets.resize(workers);
  for (uint32_t index = 0; index < config.listeners.size(); ++index) {
    const auto& addresses = config.listeners[index].addresses;
    uint16_t shared_port = 0;
    size_t bound_here = 0;
    for (base::Endpoint endpoint : addresses) {
      if (addresses.size() > 1 && !net::family_exists(endpoint.address.family())) continue;
      if (endpoint.port == 0) endpoint.port = shared_port;
      auto bound = net::bind_listeners(endpoint, workers);
      if (!bound) {
        const char* reason = std::strerror(bound.error().error);
        base::log_event("can't listen on " + endpoint.address.text() + " port " + std::to_string(endpoint.port) + ": " + reason);
        return false;
      }
      shared_port = bound->front().endpoint().port;
      listening.push_back(bound->front().endpoint());
      for (size_t worker = 0; worker < workers; ++worker) sockets[worker].emplace_back(index, std::move((*bound)[worker]));
      ++bound_here;
    }
    if (bound_here == 0) {
      base::log_event("can't listen: this machine has none of the address families of listener " + std::to_string(index + 1));
      return false;
    }
  }
  return true;
}

PipelineParts make_parts(const Config& config, const std::vector<base::Endpoint>& listening) {
  PipelineParts parts;
  parts.own = std::make_shared<const http::OwnNames>(config.own_name, listening);
  parts.via = via_name(config);
  parts.version = WEIR_VERSION;
  const policy::OwnAddresses own(listening, net::interface_addresses());
  for (const ListenerConfig& listener : config.listeners) {
    parts.rules.push_back(
        std::make_shared<const policy::ListenerRules>(listener.policy, config::is_reachable(listener), config.blocked_ports, own));
  }
  return parts;
}

void announce(const std::vector<base::Endpoint>& listening, size_t workers) {
  for (const base::Endpoint& endpoint : listening) base::log_event("listening on " + endpoint.text());
  base::Endpoint first = listening.front();
  if (first.address.is_unspecified()) first.address = first.address.is_v4() ? base::IpAddress::v4(127, 0, 0, 1) : *base::IpAddress::parse("::1");
  base::log_event("point a client at it with http_proxy=http://" + first.text() + " https_proxy=http://" + first.text());
  base::log_event("on: HTTP/1.1 forwarding, CONNECT tunnels, WebSocket, access log on standard output; workers: " + std::to_string(workers));
}

}  // namespace

int run(const Config& config) {
  base::debug_enabled = config.debug;
  std::signal(SIGPIPE, SIG_IGN);
  // Threads inherit the mask; the main thread takes these signals by sigwait.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const uint32_t max_connections = connections_for_open_files(config.max_connections);
  const size_t count = config.workers != 0 ? config.workers : usable_cpus();
  Sockets sockets;
  std::vector<base::Endpoint> listening;
  if (!bind_all(config, count, sockets, listening)) return 1;
  const PipelineParts parts = make_parts(config, listening);
  AccessLog log(STDOUT_FILENO, config.log_backlog_bytes);
  Shared shared(config, parts, log, max_connections);
  std::latch ready(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      Worker worker(shared, std::move(sockets[i]));
      ready.count_down();
      worker.run();
    });
  }
  ready.wait();
  announce(listening, count);

  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    if (sigwait(&signals, &signal) != 0) break;
  }
  {
    std::lock_guard lock(shared.workers_mutex);
    for (Worker* worker : shared.workers) worker->stop();
  }
  for (std::thread& thread : threads) thread.join();
  base::log_event("stopped; the longest stretch of a worker without returning to its loop took " +
                  std::to_string(shared.longest_stretch_us.load()) + " us");
  return 0;
}

}  // namespace weir::proxy
