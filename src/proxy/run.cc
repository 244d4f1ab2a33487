#include "proxy/run.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <new>
#include <random>
#include <system_error>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/reserve.h"
#include "net/stream/descriptor.h"
#include "net/tls/memory.h"
#include "proxy/make_snapshot.h"
#include "proxy/master.h"

namespace weir::proxy {
namespace {

/// How often to look for a control socket that is not there.
constexpr int kSeekMs = 1000;
/// How often to look whether the hour of a rule has come. What runs is cut within 10 s of it.
constexpr int kClockMs = 2000;
/// While something is fetched, whose end nothing else tells.
constexpr int kBusyMs = 100;

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

/// Drops the request that ran out of memory. Waits 10 ms, so that the loop does not spin.
void without_memory() {
  base::log_event("there is no memory for what was asked");
  usleep(10'000);
}

}  // namespace

Master::Master(const Config& config)
    : log_(config.log_backlog_bytes),
      shared_(log_, config.max_connections, config.origin.connections_per_origin),
      started_with_(config),
      crew_(shared_, config.workers != 0 ? config.workers : usable_cpus()),
      listeners_(crew_.size()),
      via_(via_name(config)) {}

bool Master::start(const Config& config) {
  const Bearable bearable = bearable_connections(config.max_connections);
  limit_connections(bearable);
  base::Reserve::install();
  net::charge_for_tls();
  // The default folder is not locked: Weirs started with only a port store nothing there and need
  // not exclude each other.
  if (!config.state_dir.empty()) {
    if (const std::string why = state_.open(config.state_dir); !why.empty()) {
      base::log_event(why);
      return false;
    }
  }
  state_path_ = config.state_dir.empty() ? config::default_state_dir() : config.state_dir;
  find_lists_off(config);
  auto loaded = load_lists(config);
  if (!loaded) {
    base::log_event(loaded.error());
    return false;
  }
  lists_ = *std::move(loaded);
  auto authority = find_authority(config);
  if (!authority) {
    base::log_event(authority.error());
    return false;
  }
  auto made =
      make_snapshot(config, nullptr, listeners_, {lists_, grants_, usages_}, *std::move(authority),
                    via_, [](const Listeners::Change&) { return std::string(); });
  if (!made) {
    base::log_event(made.error());
    return false;
  }
  Listeners::Change& change = made->change;
  listeners_.commit(change);
  snapshot_ = std::move(made->snapshot);
  follow_lists();
  find_grants(config);
  if (!grants_.empty()) renew_rules();
  find_usages(config);
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
  tell_of_lists();
  announce(change.listening, crew_.size(), config.log, !config.login.file.empty());
  for (const std::string& told : {opening_told(), key_log_told()})
    if (!told.empty()) base::log_event(told);
  return true;
}

std::string Master::key_log_told() const {
  const auto& log = snapshot_->parts->key_log;
  if (!log) return {};
  return "WARNING: `tls.key_log` is on: the secrets of TLS connections are written to " +
         log->path() + ", and whoever has that file can read what they carried";
}

std::string Master::kept_path(const Config& config, std::string_view name) const {
  const std::string path = state_path_ + '/' + std::string(name);
  if (!config.state_dir.empty()) return path;
  const uint16_t port = config.listeners.front().addresses.front().port;
  return state_path_.empty() || port == 0 ? std::string() : path + '-' + std::to_string(port);
}

bool Master::hear_signal(int timeout_ms, signalfd_siginfo& info) {
  return control_.serve_until_readable(signals_, timeout_ms) &&
         read(signals_, &info, sizeof info) == sizeof info;
}

/// Waits until all workers have ended and control clients have their answers; a second signal ends
/// both at once.
void Master::end(uint64_t drain_ms) {
  ending_ = true;
  crew_.drain();
  const uint64_t until_ms = base::monotonic_ms() + drain_ms;
  bool stopped = false;
  while (crew_.anybody() || (!stopped && control_.owes_answers())) try {
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
      const bool tends = follows_the_clock() || list_updates_.any();
      const int patience_ms = list_updates_.busy()  ? kBusyMs
                              : !control_is_there() ? kSeekMs
                              : tends               ? kClockMs
                                                    : -1;
      const bool told = hear_signal(patience_ms, info);
      follow_the_clock();
      keep_usages_now_and_then();
      tend_lists();
      if (!told) {
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
  keep_usages();
  base::log_event("stopped; the longest stretch of a worker without returning to its loop took " +
                  std::to_string(shared_.longest_stretch_us.load()) + " us");
  return 0;
}

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
