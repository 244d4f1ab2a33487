// All that Weir can be told: the parts of each folder, put together.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "journal/config.h"
#include "net/dns/config.h"
#include "net/stream/config.h"
#include "origin/config.h"
#include "policy/config.h"
#include "server/config.h"
#include "stages/auth/config.h"
#include "tunnel/config.h"

namespace weir::config {

inline constexpr uint16_t kDefaultPort = 9876;

struct ListenerConfig {
  /// At least one. Port 0 takes a free port, the same for all. Where there are several, those of an
  /// address family that the machine does not have are left out, as long as one is left.
  std::vector<base::Endpoint> addresses;
  /// Who may come; empty: whoever can reach the addresses, which then are this machine's alone.
  std::vector<base::Cidr> clients;
  /// What they may reach.
  policy::Config policy;
  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

/// 127.0.0.1 and ::1.
ListenerConfig loopback_listener(uint16_t port);
/// Other machines can reach one of its addresses.
bool is_reachable(const ListenerConfig& listener);

/// Where `control` is if nothing is said: one for each user and port.
std::string default_control_path(uint16_t port);

/// Where `state_dir` is if nothing is said; empty where there is no such place.
std::string default_state_dir();

/// Immutable once read; a reload makes another.
struct Config {
  std::vector<ListenerConfig> listeners{loopback_listener(kDefaultPort)};
  /// 0: one for each CPU that the process may use.
  uint32_t workers = 0;
  /// Path of the control socket; empty: a default by user and port.
  std::string control;
  /// The folder of what outlives a restart; empty: a default by user. Made and locked at start only
  /// where it is named here.
  std::string state_dir;
  /// Of clients, in all workers together; fewer where the limit of open files is lower. At the
  /// limit idle ones are shed, then accepting stops.
  uint32_t max_connections = 50'000;
  /// Of one client's address; 0: no limit. Not for clients on this machine.
  uint32_t connections_per_client = 1000;
  /// What may be held for clients and origins (base::Account), in bytes; 0: no limit. At it
  /// requests are refused.
  uint64_t memory_bytes = uint64_t{1} << 30;
  /// Bytes a second: content that moves more slowly at its client's side is cut while memory or
  /// connections come near their limit; 0: none is.
  uint64_t lowest_rate = 0;
  /// Weir's own pages answer under this name. Lower-case.
  std::string own_name = "weir.internal";
  /// How Weir calls itself in Via; a request that comes back with it is a loop.
  std::string via_pseudonym = "weir";
  /// Sorted.
  std::vector<uint16_t> blocked_ports{policy::kDefaultBlockedPorts.begin(),
                                      policy::kDefaultBlockedPorts.end()};
  net::ResolverConfig resolver;
  net::TcpConfig tcp;
  server::ServerConfig server;
  origin::OriginConfig origin;
  tunnel::TunnelConfig tunnel;
  auth::Config login;
  journal::LogConfig log;
  /// Lines of the access log that wait to be written; beyond, lines are dropped and counted.
  uint64_t log_backlog_bytes = 16 * 1024 * 1024;
  /// After SIGTERM what runs may go on for so long.
  uint64_t drain_timeout_ms = 30'000;
  /// Where this was read from: what a reload reads again. Empty: from the command line.
  std::string file;
  /// Prints each request's line, URL and where it connects.
  bool debug = false;
  /// The command line asked for it: a reload does not turn it off.
  bool debug_asked = false;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::config
