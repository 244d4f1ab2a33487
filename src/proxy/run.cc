#include "proxy/run.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <random>
#include <system_error>

#include "base/account.h"
#include "base/clock.h"
#include "base/event_log.h"
#include "base/reserve.h"
#include "config/keys.h"
#include "config/reader.h"
#include "control/control.h"
#include "net/stream/descriptor.h"
#include "proxy/capacity.h"
#include "proxy/crew.h"
#include "proxy/listeners.h"
#include "proxy/make_snapshot.h"
#include "proxy/state_dir.h"
#include "proxy/status.h"

namespace weir::proxy {
namespace {

/// The name for Via. A random suffix keeps two Weirs in a chain from looking like a loop, unless
/// the administrator chose a name.
std::string via_name(const Config& config) {
  if (config.via_pseudonym != Config().via_pseudonym) return config.via_pseudonym;
  static constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::string name = config.via_pseudonym + "-";
  for (int i = 0; i < 8; ++i) name += kLetters[random() % 36];
  return name;
}

void announce(const std::vector<base::Endpoint>& listening, size_t workers,
              const journal::LogConfig& log, bool login) {
  for (const base::Endpoint& endpoint : listening)
    base::log_event("listening on " + endpoint.text());
  base::Endpoint first = listening.front();
  if (first.address.is_unspecified())
    first.address =
        first.address.is_v4() ? base::IpAddress::v4(127, 0, 0, 1) : *base::IpAddress::parse("::1");
  base::log_event("point a client at it with http_proxy=http://" + first.text() +
                  " https_proxy=http://" + first.text());
  base::log_event(std::string("on: HTTP/1.1 forwarding, CONNECT tunnels, WebSocket, ") +
                  (login ? "login, " : "") + "access log on " +
                  (log.to == "stdout" ? "standard output" : log.to) +
                  "; workers: " + std::to_string(workers));
}

/// For the control socket and its reserve descriptor, a client, its origin, a query to a name
/// server, and a file.
constexpr uint32_t kFewestDescriptors = 6;
constexpr uint32_t kMany = 4096;
constexpr int kSeekMs = 1000;
/// How long to wait for workers that do not answer.
constexpr int kPatienceMs = 2000, kPatienceAtEndMs = 200;

std::string limit_of_files(const Bearable& bearable) {
  return "the limit of open files is " + std::to_string(bearable.open_files) + " (ulimit -n)";
}

/// The main thread's part: signals, the control socket, reloads.
class Master {
 public:
  explicit Master(const Config& config)
      : log_(config.log_backlog_bytes),
        shared_(log_, config.max_connections, config.origin.connections_per_origin),
        started_with_(config),
        crew_(shared_, config.workers != 0 ? config.workers : usable_cpus()),
        listeners_(crew_.size()),
        via_(via_name(config)) {}

  int run(const Config& config);

 private:
  bool start(const Config& config);
  void limit_connections(const Bearable& bearable) {
    shared_.max_connections = bearable.connections;
    shared_.spare_descriptors = bearable.spare;
  }
  uint32_t sockets_of(const Listeners::Change& change) const {
    return static_cast<uint32_t>(change.listening.size() * crew_.size());
  }
  std::string too_few_descriptors(const Bearable& bearable, size_t addresses) const {
    return limit_of_files(bearable) + ", too low to serve anybody with " +
           std::to_string(crew_.size()) + " workers at " + std::to_string(addresses) +
           (addresses == 1 ? " address" : " addresses");
  }
  static void tell_of_connections(const Config& config, const Bearable& bearable) {
    if (bearable.connections >= config.max_connections) return;
    // No message about the default, which nobody asked for, if the limit is still high.
    if (config.max_connections == Config().max_connections && bearable.connections >= kMany) return;
    base::log_event("limits.connections is " + std::to_string(bearable.connections) +
                    " here instead of " + std::to_string(config.max_connections) + ": " +
                    limit_of_files(bearable));
  }
  void limit_memory(const Config& config) {
    const uint64_t bearable = bearable_memory(config.memory_bytes, address_space_);
    if (bearable != config.memory_bytes && bearable != base::Account::limit()) {
      base::log_event("limits.memory is " + std::to_string(bearable >> 20) +
                      " MiB here instead of " + std::to_string(config.memory_bytes >> 20) +
                      ": three quarters of what the machine or its limits allow");
    }
    base::Account::set_limit(bearable);
  }
  /// Returns empty, or why the old configuration stays.
  std::string reload();
  /// Reloads, reports the result on standard error, and returns the answer for the control socket.
  std::string reload_and_tell();
  std::string control_path() const {
    return started_with_.control.empty() ? config::default_control_path(first_port_)
                                         : started_with_.control;
  }
  bool control_is_there() const { return control_.is_there() && control_.path() == control_path(); }
  /// Opens the control socket at its current path, if it is not open there. Returns empty, or why
  /// it failed.
  std::string seek_control() {
    if (control_is_there()) return {};
    const std::string why = control_.open(control_path(), !started_with_.control.empty());
    if (why.empty()) return {};
    return (control_.is_open() ? "the control socket stays " + control_.path()
                               : "no control socket") +
           ": " + why + "; tried again each second";
  }
  /// Calls seek_control(). Returns empty if the socket was there already, else the line to report.
  std::string control_found() {
    if (control_is_there()) return {};
    const std::string why = seek_control();
    return why.empty() ? "the control socket is " + control_.path() : why;
  }
  std::string status();
  std::string answer(const std::string& word);
  /// Waits for a signal and serves the control socket meanwhile. False if no signal came in time.
  bool hear_signal(int timeout_ms, signalfd_siginfo& info) {
    return control_.serve_until_readable(signals_, timeout_ms, [this](const std::string& word) {
      return answer(word);
    }) && read(signals_, &info, sizeof info) == sizeof info;
  }
  void end(uint64_t drain_ms);
  /// Drops the request that ran out of memory. Waits 10 ms, so that the loop does not spin.
  static void without_memory() {
    base::log_event("there is no memory for what was asked");
    usleep(10'000);
  }

  journal::AccessLog log_;
  Shared shared_;
  const Config started_with_;
  Crew crew_;
  Listeners listeners_;
  const std::string via_;
  SnapshotRef snapshot_;
  control::Control control_;
  /// Port of the first listener; the default path of the control socket contains it.
  uint16_t first_port_ = 0;
  StateDir state_;
  /// From the start: a reload does not change it.
  std::string state_path_;
  /// Descriptors in use before the first client, without listening sockets.
  uint32_t descriptors_ = 0;
  uint64_t address_space_ = UINT64_MAX;  // Left once all threads ran.
  int signals_ = -1;
  const uint64_t started_ms_ = base::monotonic_ms();
  uint64_t reloads_ = 0;
  /// True while draining: no more clients are accepted.
  bool ending_ = false;
};

bool Master::start(const Config& config) {
  const Bearable bearable = bearable_connections(config.max_connections);
  limit_connections(bearable);
  base::Reserve::install();
  auto made = make_snapshot(config, nullptr, listeners_, via_,
                            [](const Listeners::Change&) { return std::string(); });
  if (!made) {
    base::log_event(made.error());
    return false;
  }
  Listeners::Change& change = made->change;
  // The default folder is not locked: Weirs started with only a port store nothing there and need
  // not exclude each other.
  if (!config.state_dir.empty()) {
    if (const std::string why = state_.open(config.state_dir); !why.empty()) {
      base::log_event(why);
      return false;
    }
  }
  state_path_ = config.state_dir.empty() ? config::default_state_dir() : config.state_dir;
  listeners_.commit(change);
  snapshot_ = std::move(made->snapshot);
  if (const std::string why = crew_.make(snapshot_, change.opened); !why.empty()) {
    base::log_event(why);
    return false;
  }
  const auto in_use = descriptors_in_use(kFewestDescriptors);
  if (!in_use || !net::descriptors_left(bearable.spare + 1)) {
    base::log_event(too_few_descriptors(bearable, change.listening.size()));
    return false;
  }
  address_space_ = address_space_left();
  limit_memory(config);
  descriptors_ = *in_use - sockets_of(change);
  const Bearable counted =
      bearable_connections(config.max_connections, *in_use, sockets_of(change));
  limit_connections(counted);
  tell_of_connections(config, counted);
  crew_.begin();
  first_port_ = change.listening.front().port;
  if (const std::string why = seek_control(); !why.empty()) base::log_event(why);
  announce(change.listening, crew_.size(), config.log, !config.login.file.empty());
  return true;
}

std::string Master::reload() {
  if (snapshot_->config.file.empty())
    return "there is no configuration file to read again: Weir was started with a port";
  auto read = config::read_again(snapshot_->config.file, snapshot_->config);
  if (!read) return config::text_of(read.error());
  Config config = *std::move(read);
  config.file = snapshot_->config.file;
  config.debug_asked = snapshot_->config.debug_asked;
  config.debug |= config.debug_asked;
  Bearable bearable{};
  auto made = make_snapshot(
      config, snapshot_.get(), listeners_, via_,
      [&](const Listeners::Change& change) -> std::string {
        // Counted as start() does.
        const uint32_t sockets = sockets_of(change);
        bearable = bearable_connections(config.max_connections, descriptors_ + sockets, sockets);
        const bool enough = descriptors_ + sockets + kFewestDescriptors <= bearable.open_files &&
                            sockets + bearable.spare + 1 < bearable.sockets;
        return enough ? std::string() : too_few_descriptors(bearable, change.listening.size());
      });
  if (!made) return made.error();
  Listeners::Change& change = made->change;
  listeners_.commit(change);
  const uint32_t connections_before = shared_.max_connections;
  limit_connections(bearable);
  const bool told = bearable.connections == connections_before &&
                    config.max_connections == snapshot_->config.max_connections;
  if (!told) tell_of_connections(config, bearable);
  shared_.origin_slots.set_most(config.origin.connections_per_origin);
  limit_memory(config);
  base::debug_enabled.store(config.debug, std::memory_order_relaxed);
  snapshot_ = std::move(made->snapshot);
  first_port_ = change.listening.front().port;
  crew_.apply(snapshot_, change.opened, change.closed);
  // Wait for the workers, so that "reloaded" is true when it is reported: the new rules hold, and
  // removed listeners have freed their addresses.
  (void)crew_.hear(kPatienceMs);
  for (const std::string& words : change.words) base::log_event(words);
  ++reloads_;
  return {};
}

std::string Master::status() {
  return status_text({.uptime_s = (base::monotonic_ms() - started_ms_) / 1000,
                      .workers = crew_.size(),
                      .state_dir = state_path_,
                      .reloads = reloads_,
                      .ending = ending_,
                      .client_connections = shared_.connections.load(),
                      .client_connections_limit = shared_.max_connections.load(),
                      .log_lines_dropped = log_.dropped()},
                     crew_.hear(ending_ ? kPatienceAtEndMs : kPatienceMs));
}

std::string Master::reload_and_tell() try {
  std::string why = ending_ ? "Weir is ending" : reload();
  while (why.ends_with('\n')) why.pop_back();
  const std::string told = why.empty() ? "reloaded" : "the old configuration stays: " + why;
  base::log_event(why.empty() ? told + ' ' + snapshot_->config.file : told);
  if (!why.empty()) return told + '\n';
  std::string more;
  const auto add = [&](const std::string& line) {
    if (line.empty()) return;
    base::log_event(line);
    more += line + '\n';
  };
  add(control_found());
  std::string waiting;
  for (const std::string& key : config::changed_until_restart(started_with_, snapshot_->config))
    waiting += (waiting.empty() ? "" : ", ") + key;
  if (!waiting.empty()) add("changed in the file, and only a restart brings it: " + waiting);
  return "ok\n" + told + '\n' + more;
} catch (const std::bad_alloc&) {
  // Some workers may already have the new configuration.
  constexpr const char* kWhy = "there was no memory for all of a reload: ask for it again";
  base::log_event(kWhy);
  return kWhy;
}

std::string Master::answer(const std::string& word) {
  if (word == "status") return "ok\n" + status();
  if (word == "reload") return reload_and_tell();
  return "unknown word: " + word.substr(0, 40) + "\n";
}

/// Waits until all workers have ended; a second signal ends them at once.
void Master::end(uint64_t drain_ms) {
  ending_ = true;
  crew_.drain();
  const uint64_t until_ms = base::monotonic_ms() + drain_ms;
  bool stopped = false;
  while (crew_.anybody()) try {
      signalfd_siginfo info;
      const bool told = hear_signal(10, info);
      const bool again = told && (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT);
      if (told && info.ssi_signo == SIGUSR1) log_.reopen(snapshot_->log.target);
      if (told && info.ssi_signo == SIGHUP) reload_and_tell();
      if (!stopped && (again || base::monotonic_ms() >= until_ms)) {
        crew_.stop("drained");
        stopped = true;
      }
    } catch (const std::bad_alloc&) {
      without_memory();
    }
  crew_.join();
}

int Master::run(const Config& config) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  // Threads inherit the mask.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (!start(config)) return 1;
  for (;;) try {
      signalfd_siginfo info;
      if (!hear_signal(control_is_there() ? -1 : kSeekMs, info)) {
        // Another Weir may have held the path and ended since.
        if (!control_is_there() && seek_control().empty())
          base::log_event("the control socket is " + control_.path());
        continue;
      }
      if (info.ssi_signo == SIGHUP) {
        reload_and_tell();
      } else if (info.ssi_signo == SIGUSR1) {
        log_.reopen(snapshot_->log.target);
      } else {
        break;
      }
    } catch (const std::bad_alloc&) {
      without_memory();
    }
  end(snapshot_->config.drain_timeout_ms);
  base::log_event("stopped; the longest stretch of a worker without returning to its loop took " +
                  std::to_string(shared_.longest_stretch_us.load()) + " us");
  return 0;
}

}  // namespace

int run(const Config& config) try {
  base::debug_enabled = config.debug;
  return Master(config).run(config);
} catch (const std::system_error& error) {
  // The access log's thread could not be started.
  base::log_event(std::string("can't start: ") + error.what());
  return 1;
} catch (const std::bad_alloc&) {
  base::log_event("ends: there is no memory");
  return 1;
}

}  // namespace weir::proxy
