// The whole configuration, put together from the parts of each folder.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "journal/config.h"
#include "lists/config.h"
#include "net/dns/config.h"
#include "net/stream/config.h"
#include "net/tls/config.h"
#include "origin/config.h"
#include "policy/client_keys.h"
#include "policy/config.h"
#include "policy/directory.h"
#include "policy/opening_config.h"
#include "policy/rule_config.h"
#include "server/config.h"
#include "stages/auth/config.h"
#include "stages/errors/config.h"
#include "tunnel/config.h"

namespace weir::config {

inline constexpr uint16_t kDefaultPort = 9876;

struct ListenerConfig {
  /// At least one. Port 0 takes a free port, the same for all addresses. If there are several,
  /// those of an address family that this machine does not have are left out, as long as one
  /// remains.
  std::vector<base::Endpoint> addresses;
  /// Which clients may connect; empty: all that can reach the addresses, which then must be
  /// reachable from this machine only.
  std::vector<base::Cidr> clients;
  /// What rules call the listener; empty: nothing.
  std::string name;
  /// The groups of all who come by it.
  std::vector<std::string> groups;
  /// What these clients may reach.
  policy::Config policy;
  auth::ListenerConfig login;
  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

/// 127.0.0.1 and ::1.
ListenerConfig loopback_listener(uint16_t port);
/// True if other machines can reach one of its addresses.
bool is_reachable(const ListenerConfig& listener);

/// The default of `control`: one path for each user and port.
std::string default_control_path(uint16_t port);

/// The default of `state_dir`; empty if the environment names no place for it.
std::string default_state_dir();

/// Immutable once read; a reload makes a new one.
struct Config {
  std::vector<ListenerConfig> listeners{loopback_listener(kDefaultPort)};
  policy::PolicyConfig policy;
  std::vector<policy::ClientConfig> clients;
  /// In the order in which they are asked.
  std::vector<policy::RuleConfig> rules;
  lists::ListConfigs lists;
  /// Number of worker threads; 0: one for each CPU that the process may use.
  uint32_t workers = 0;
  /// Path of the control socket; empty: default_control_path().
  std::string control;
  /// The folder for state that outlives a restart; empty: default_state_dir(). It is made and
  /// locked at start only if it is named here.
  std::string state_dir;
  /// Most client connections, of all workers together; fewer if the limit of open files is lower.
  /// At the limit, idle ones are closed; if that is not enough, accepting stops.
  uint32_t max_connections = 50'000;
  /// Most connections of one client address; 0: no limit. Clients on this machine are exempt.
  uint32_t connections_per_client = 1000;
  /// Bytes that may be held for clients and origins, as base::Account counts them; 0: no limit. At
  /// the limit, requests are refused.
  uint64_t memory_bytes = uint64_t{1} << 30;
  /// Bytes per second. Content that moves more slowly on the client's side is cut while memory or
  /// connections are near their limit; 0: none is cut.
  uint64_t lowest_rate = 0;
  /// The host name of Weir's own pages, in lower case.
  std::string own_name = "weir.internal";
  /// Weir's name in the Via field; a request that already carries it is a loop.
  std::string via_pseudonym = "weir";
  /// Sorted.
  std::vector<uint16_t> blocked_ports{policy::kDefaultBlockedPorts.begin(),
                                      policy::kDefaultBlockedPorts.end()};
  net::ResolverConfig resolver;
  net::TcpConfig tcp;
  net::TlsConfig tls;
  policy::OpeningConfig opening;
  server::ServerConfig server;
  origin::OriginConfig origin;
  tunnel::TunnelConfig tunnel;
  auth::Config login;
  errors::Config pages;
  journal::LogConfig log;
  /// Most bytes of access log lines that wait to be written; further lines are dropped and counted.
  uint64_t log_backlog_bytes = 16 * 1024 * 1024;
  /// How long running exchanges may go on after SIGTERM.
  uint64_t drain_timeout_ms = 30'000;
  /// The file that this was read from and that a reload reads again. Empty: from the command line.
  std::string file;
  /// The files that `file` includes, itself or through others, in the order in which they were
  /// read.
  std::vector<std::string> include;
  /// Those of `include` that had no key. A reload that finds a file empty takes this for a state in
  /// between, unless it is one of these.
  std::vector<std::string> include_without_keys;
  /// Prints each request's line, its URL and where Weir connects to for it.
  bool debug = false;
  /// The command line asked for `debug`, so a reload does not turn it off.
  bool debug_asked = false;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::config
