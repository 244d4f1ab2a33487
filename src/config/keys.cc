#include "config/keys.h"

#include <algorithm>
#include <array>

#include "config/mistake.h"
#include "config/units.h"
#include "config/value.h"

namespace weir::config {

namespace {

template <auto Member>
Slot top(Place place) {
  return &(place.config->*Member);
}
template <auto Part, auto Member>
Slot in(Place place) {
  return &((place.config->*Part).*Member);
}
template <auto Member>
Slot of_listener(Place place) {
  return &(place.listener->*Member);
}
template <auto Member>
Slot of_policy(Place place) {
  return &(place.listener->policy.*Member);
}

constexpr auto kServer = &Config::server;
constexpr auto kOrigin = &Config::origin;
constexpr auto kTunnel = &Config::tunnel;
constexpr auto kResolver = &Config::resolver;
constexpr auto kLogin = &Config::login;
constexpr auto kLog = &Config::log;
using L = journal::LogConfig;
using S = server::ServerConfig;
using O = origin::OriginConfig;
using T = tunnel::TunnelConfig;
using R = net::ResolverConfig;
using P = policy::Config;
using A = auth::Config;

constexpr uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

// A field name keeps its size in 16 bits, and a name is never longer than its head.
constexpr uint64_t kMostHead = 64 * kKiB;

constexpr Group kGroups[] = {
    {kListener,
     "Where clients come in, who may, and what they may reach. There may be several; without one "
     "Weir listens on "
     "127.0.0.1:9876 and [::1]:9876. Two addresses are never destinations, on any listener: those "
     "that Weir itself listens "
     "on, and those where clouds hand out a machine's credentials. Nothing opens these."},
    {"login", "A name and a password, without which the proxy serves nobody; see login.md."},
    {"limits",
     "How much is taken before Weir refuses. They hold for the whole process, not for each "
     "worker."},
    {"timeouts", "How long Weir waits."},
    {"pool", "Connections to origins that are kept for the next request."},
    {"tunnel", "CONNECT, and what is inside."},
    {"dns", "How names are looked up; see also `resolver`."},
    {"log",
     "The access log, a line a request; see also `limits.log_backlog`. A reload changes it for the "
     "lines from then on."},
};

constexpr Key kKeys[] = {
    {"", "resolver", Kind::endpoints, in<kResolver, &R::servers>, 1, 65535,
     "Name servers to ask instead of those in /etc/resolv.conf. /etc/hosts is looked at first in "
     "any case."},
    {"", "blocked_ports", Kind::ports, top<&Config::blocked_ports>, 0, 65535,
     "Ports that are no destination, for plain requests and CONNECT alike, on every listener. The "
     "default has the ports "
     "that browsers refuse (the Fetch standard's bad ports) and those of databases, remote "
     "desktops and container engines. "
     "A list replaces the default; [] blocks none."},
    {"", "own_name", Kind::host_name, top<&Config::own_name>, 0, 0,
     "The name under which Weir's own pages answer."},
    {"", "via", Kind::token, top<&Config::via_pseudonym>, 0, 0,
     "What Weir calls itself in the Via field. A request that already carries it has gone in a "
     "circle and is refused, so "
     "proxies in a chain need different ones: to \"weir\" eight letters and digits are added that "
     "are new at each start, any "
     "other word is taken as it is.",
     nullptr, false, false, true},
    {"", "control", Kind::path, top<&Config::control>, 0, 0,
     "The socket by which `weir status` and `weir reload` speak to a running Weir. With \"\" it is "
     "weir-PORT.control in "
     "$RUNTIME_DIRECTORY, /run (as root), $XDG_RUNTIME_DIR or /tmp/weir-UID, PORT being the first "
     "listener's, also after a reload. Its mode is 0600.",
     nullptr, false, false, true},
    {"", "state_dir", Kind::path, top<&Config::state_dir>, 0, 0,
     "The folder of what outlives a restart. With \"\" it is $STATE_DIRECTORY (the first of the "
     "list; systemd sets it), /var/lib/weir (as root), "
     "$XDG_STATE_HOME/weir or ~/.local/state/weir, and is made when something is to be kept, which "
     "nothing is yet. One that is named here "
     "is made at start, with mode 0700, and locked: two Weirs can't have the same.",
     nullptr, false, false, true},
    {"", "workers", Kind::number, top<&Config::workers>, 0, 1024,
     "Threads that serve. 0 is one for each CPU that Weir may use.", nullptr, false, false, true},
    {"", "debug", Kind::flag, top<&Config::debug>, 0, 0,
     "Print for each request its request line, its URL and the host and port it connects to, as "
     "`--debug` does, which a file does not turn off."},

    {kListener, "address", Kind::endpoints, of_listener<&ListenerConfig::addresses>, 0, 65535,
     "The address and port to listen on, or a list of them. 0.0.0.0 and [::] are all addresses of "
     "the machine; port 0 takes "
     "a free one. In a list, addresses of a family that the machine does not have are left out.",
     nullptr, true},
    {kListener, "clients", Kind::networks, of_listener<&ListenerConfig::clients>, 0, 0,
     "The networks that clients may come from. Needed where other machines can reach the address."},
    {kListener, "private", Kind::allow_or_deny, of_policy<&P::private_allowed>, 0, 0,
     "Whether a listener that only this machine can reach leads to private addresses, and to "
     "others that are not public "
     "(CGNAT, multicast, reserved). One that other machines can reach never does, unless `allow` "
     "says so."},
    {kListener, "local_names", Kind::host_patterns, of_policy<&P::local_names>, 0, 0,
     "Names that may lead to loopback and link-local addresses. Others lead there only as an "
     "address, as localhost or by "
     "/etc/hosts: where DNS answers with such an address, a web site may be trying to reach into "
     "this machine."},
    {kListener, "allow", Kind::destinations,
     [](Place place) -> Slot { return &place.listener->policy; }, 0, 0,
     "Names and networks that are destinations although their addresses are not public. On a "
     "listener that only this "
     "machine can reach it opens what `private = \"deny\"` closes."},

    {"login", "file", Kind::path, in<kLogin, &A::file>, 0, 0,
     "An htpasswd file of bcrypt, yescrypt or SHA-crypt hashes; `weir passwd FILE USER` makes its "
     "lines. It is read again when it "
     "changes. With \"\" nobody is asked for a login."},
    {"login", "realm", Kind::token, in<kLogin, &A::realm>, 0, 0,
     "What clients show when they ask for the password."},

    {"limits", "connections", Kind::number, top<&Config::max_connections>, 1, 10'000'000,
     "Connections of clients at once. At the limit the ones idle longest are closed, then no more "
     "are accepted. Where the "
     "limit of open files is too low for it, that counts."},
    {"limits", "connections_per_client", Kind::number, top<&Config::connections_per_client>, 0,
     10'000'000,
     "Connections of one client's address at once (of one /64 network for IPv6); more are answered "
     "with 503 and closed. 0 is no "
     "limit; clients on this machine have none."},
    {"limits", "connections_per_origin", Kind::number, in<kOrigin, &O::connections_per_origin>, 1,
     10'000'000,
     "Connections to one origin for forwarded requests, in all workers. Who finds them all in use "
     "waits as long as `timeouts.connect`, "
     "then gets 503. Tunnels and upgraded connections do not count."},
    {"limits", "memory", Kind::size, top<&Config::memory_bytes>, 2 * kMiB, 1024 * kGiB,
     "Memory for clients and origins: what Weir reads into, keeps for each connection and request, "
     "and looks up, as it counts it. Near "
     "it, from 7/8 on, idle connections are closed; at it new requests are answered with 503, and "
     "what runs goes on. 0 is no limit. "
     "Never more than three quarters of what the machine, the control group or `ulimit -v` leaves. "
     "See operating.md.",
     nullptr, false, true},
    {"limits", "lowest_rate", Kind::size, top<&Config::lowest_rate>, 1, kGiB,
     "Bytes a second. While memory or connections come near their limit (7/8), content that its "
     "client takes or sends only drop by drop, "
     "more slowly than this, is cut, the slowest first, until there is room: 408 where an answer "
     "can still be sent. Nothing is cut for "
     "silence, such as that of a paused video, nor for an origin that is slow. 0 is never; 500 is "
     "a rate that no line is too slow for.",
     nullptr, false, true},
    {"limits", "head", Kind::size, in<kServer, &S::head_bytes>, 1 * kKiB, kMostHead,
     "The head of a request (more is answered with 431) or of a response (502).",
     in<kOrigin, &O::head_bytes>},
    {"limits", "fields", Kind::number, in<kServer, &S::head_fields>, 10, 10'000,
     "Field lines in a head.", in<kOrigin, &O::head_fields>},
    {"limits", "interim_responses", Kind::number, in<kOrigin, &O::interim_limit>, 0, 1000,
     "Interim responses (1xx) before the final one."},
    {"limits", "linger", Kind::size, in<kServer, &S::linger_bytes>, 0, 100 * kGiB,
     "What is read and dropped of an upload that was answered early, so that the client sees the "
     "answer."},
    {"limits", "log_backlog", Kind::size, top<&Config::log_backlog_bytes>, 64 * kKiB, kGiB,
     "Lines of the access log that wait to be written. Beyond it lines are dropped and counted; "
     "traffic never waits for the "
     "log.",
     nullptr, false, false, true},

    {"timeouts", "head", Kind::duration, in<kServer, &S::head_timeout_ms>, 100, kHour,
     "For the whole head of a request, from its first byte. A new connection has as long to send "
     "that byte."},
    {"timeouts", "drain", Kind::duration, top<&Config::drain_timeout_ms>, 0, kDay,
     "After SIGTERM no client is let in any more, and what runs may go on for so long; then it is "
     "cut (`drained` in the log). A "
     "second SIGTERM ends at once."},
    {"timeouts", "client_idle", Kind::duration, in<kServer, &S::idle_timeout_ms>, 100, 7 * kDay,
     "A client's connection between two requests."},
    {"timeouts", "connect", Kind::duration, in<kOrigin, &O::connect_timeout_ms>, 100, kHour,
     "To connect to an origin, all its addresses together."},
    {"timeouts", "first_byte", Kind::duration, in<kOrigin, &O::first_byte_timeout_ms>, 100,
     7 * kDay,
     "From the end of the request to the first byte of the answer. Long polls and models that "
     "think take minutes. Also how "
     "long a new tunnel may stay silent on both sides.",
     in<kTunnel, &T::silence_timeout_ms>},
    {"timeouts", "content", Kind::duration, in<kServer, &S::content_timeout_ms>, 100, 7 * kDay,
     "Silence inside content, of a request or a response. Not its total time, which has no "
     "limit.",
     in<kOrigin, &O::content_timeout_ms>},
    {"timeouts", "client_write", Kind::duration, in<kServer, &S::write_timeout_ms>, 100, 7 * kDay,
     "A client that does not read its answer."},
    {"timeouts", "origin_write", Kind::duration, in<kOrigin, &O::write_timeout_ms>, 100, 7 * kDay,
     "An origin that does not read what is sent to it."},
    {"timeouts", "tunnel_idle", Kind::duration, in<kTunnel, &T::idle_timeout_ms>, kSecond,
     30 * kDay, "A tunnel (CONNECT, WebSocket) in which neither side sends."},
    {"timeouts", "tcp_keepalive", Kind::duration, in<&Config::tcp, &net::TcpConfig::keepalive_ms>,
     kSecond, 9 * kHour,
     "Idle time after which the kernel asks whether the other side is still there, on every "
     "connection. Whole seconds."},
    {"timeouts", "expect", Kind::duration, in<kServer, &S::expect_wait_ms>, 0, kMinute,
     "With `Expect: 100-continue`, how long the origin may take to ask for the content before Weir "
     "does."},
    {"timeouts", "linger", Kind::duration, in<kServer, &S::linger_ms>, 0, kHour,
     "How long an upload that was answered early is still read and dropped."},
    {"timeouts", "linger_silence", Kind::duration, in<kServer, &S::linger_silence_ms>, 0, kHour,
     "Silence that ends this earlier."},

    {"pool", "idle_per_origin", Kind::number, in<kOrigin, &O::idle_per_origin>, 0, 100'000,
     "Idle connections that each worker keeps to one origin."},
    {"pool", "idle", Kind::number, in<kOrigin, &O::idle_total>, 0, 1'000'000,
     "Idle connections that each worker keeps in all. 0 keeps none."},
    {"pool", "idle_timeout", Kind::duration, in<kOrigin, &O::idle_timeout_ms>, 100, kDay,
     "How long an idle connection is kept."},
    {"pool", "fresh", Kind::duration, in<kOrigin, &O::retry_idle_ms>, 0, kHour,
     "A request that may not be sent twice takes no connection that was idle for longer."},
    {"pool", "attempt_delay", Kind::duration, in<kOrigin, &O::attempt_delay_ms>, 10, 10 * kSecond,
     "How long a connection attempt may take before the next address is tried beside it (RFC "
     "8305)."},
    {"pool", "resolution_delay", Kind::duration, in<kOrigin, &O::resolution_delay_ms>, 0,
     10 * kSecond,
     "How long IPv4 addresses wait for IPv6 ones that DNS has not yet answered with (RFC 8305)."},

    {"tunnel", "serve", Kind::serve, in<kTunnel, &T::serve>, 0, 0,
     "Where HTTP inside a CONNECT is served request by request instead of relayed byte by byte. "
     "`needed`: to port 80, to "
     "Weir's own pages, and to `no_opaque_ports`. `always`: wherever HTTP is recognised. `never`: "
     "nowhere; then Weir's own "
     "pages can't be reached by CONNECT, and there may be no `no_opaque_ports`."},
    {"tunnel", "sniff", Kind::size, in<kTunnel, &T::sniff_bytes>, 1 * kKiB, kMostHead,
     "How many of a client's first bytes are looked at to tell TLS, HTTP and others apart."},
    {"tunnel", "no_opaque_ports", Kind::ports, in<kTunnel, &T::no_opaque_ports>, 1, 65535,
     "Ports on which a tunnel that is neither TLS nor HTTP is refused."},

    {"dns", "timeout", Kind::duration, in<kResolver, &R::timeout_ms>, 50, kMinute,
     "For the first answer of a name server; later tries wait longer."},
    {"dns", "tries", Kind::number, in<kResolver, &R::tries>, 1, 20,
     "How often the name servers are asked before a look-up fails."},
    {"dns", "total_timeout", Kind::duration, in<kResolver, &R::total_timeout_ms>, 100, kHour,
     "For a look-up with all its tries."},
    {"dns", "lookups", Kind::number, in<kResolver, &R::lookups>, 1, 100'000,
     "Look-ups at once, for each worker."},
    {"dns", "cache", Kind::number, in<kResolver, &R::cache_entries>, 0, 10'000'000,
     "Names that are remembered, by each worker."},
    {"dns", "min_ttl", Kind::duration, in<kResolver, &R::min_ttl_ms>, 0, kHour,
     "An answer is kept at least this long, whatever DNS says."},
    {"dns", "max_ttl", Kind::duration, in<kResolver, &R::max_ttl_ms>, 0, 7 * kDay,
     "And at most this long."},
    {"dns", "negative_ttl", Kind::duration, in<kResolver, &R::negative_ttl_ms>, 0, kHour,
     "How long it is remembered at most that a name does not exist."},

    {"log", "format", Kind::log_format, in<kLog, &L::format>, 0, 0,
     "What a line looks like: common and combined are what web servers and their analysers know "
     "(Weir adds to combined how the "
     "exchange ended), json is one object a line with all that is known, squid is Squid's native "
     "format."},
    {"log", "to", Kind::log_target, in<kLog, &L::to>, 0, 0,
     "Where lines go: standard output, this machine's syslog (local0.info, tag weir), or a file, "
     "which is appended to, made "
     "with mode 0640 where it is missing, and opened again on SIGUSR1, after it was renamed."},
    {"log", "syslog_socket", Kind::path, in<kLog, &L::syslog_socket>, 0, 0,
     "The datagram socket at which syslog listens. Lines that it does not take are dropped and "
     "counted."},
};

std::string name_in(std::string_view table, std::string_view name) {
  if (table.empty()) return std::string(name);
  if (table == kListener) return std::string(name) + " in [[listener]]";
  return std::string(table) + '.' + std::string(name);
}

/// " from 1s to 1h".
std::string range(const Key& key, std::string (*text)(uint64_t)) {
  return " from " + text(key.least) + " to " + text(key.most) + (key.or_zero ? ", or 0" : "");
}

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}
std::span<const Group> groups() {
  return kGroups;
}

const Key* find_key(std::string_view table, std::string_view name) {
  const auto* found = std::ranges::find_if(
      kKeys, [&](const Key& key) { return key.table == table && key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

const Group* find_group(std::string_view name) {
  const auto* found = std::ranges::find(kGroups, name, &Group::name);
  return found == std::end(kGroups) ? nullptr : found;
}

std::string full_name(const Key& key) {
  return name_in(key.table, key.name);
}

std::vector<std::string> changed_until_restart(const Config& before, const Config& now) {
  // Copies, because slots point to values that are not const: the reader writes through them.
  Config one = before, other = now;
  std::vector<std::string> names;
  for (const Key& key : kKeys) {
    if (key.needs_restart &&
        as_toml(key, key.slot({&one, nullptr})) != as_toml(key, key.slot({&other, nullptr})))
      names.push_back(full_name(key));
  }
  return names;
}

std::string nearest_to(std::string_view table, std::string_view name) {
  // Bounds the cost. A name this long is much longer than any key, so its distance to each of them
  // is about its own length.
  name = name.substr(0, 100);
  std::string best;
  size_t best_distance = SIZE_MAX;
  const auto consider = [&](size_t distance, std::string text) {
    if (distance >= best_distance) return;
    best_distance = distance;
    best = std::move(text);
  };
  // A key in another table counts as half a letter further away: of two equally near ones, the one
  // in the same table is meant.
  for (const Key& key : kKeys) {
    const bool same = key.table == table;
    consider(2 * edit_distance(name, key.name) + (same ? 0 : 1),
             same ? std::string(key.name) : full_name(key));
  }
  for (const Group& group : kGroups) {
    consider(2 * edit_distance(name, group.name) + (table.empty() ? 0 : 1),
             group.name == kListener ? "[[listener]]" : '[' + std::string(group.name) + ']');
  }
  return best;
}

std::string expectation(const Key& key) {
  switch (key.kind) {
    case Kind::flag: return "true or false";
    case Kind::allow_or_deny: return "\"allow\" or \"deny\"";
    case Kind::number:
      return "a whole number" + range(key, [](uint64_t value) { return std::to_string(value); });
    case Kind::duration:
      return "a duration such as \"500ms\", \"10s\", \"15min\" or \"2h\"," +
             range(key, duration_text);
    case Kind::size:
      return "a size such as \"64KiB\" or \"16MiB\", or a number of bytes," + range(key, size_text);
    case Kind::host_name: return "a host name such as \"weir.internal\"";
    case Kind::path: return "the absolute path of a file such as \"/run/weir/control\"";
    case Kind::log_format: return "\"common\", \"combined\", \"json\" or \"squid\"";
    case Kind::log_target:
      return "\"stdout\", \"syslog\", or the absolute path of a file such as "
             "\"/var/log/weir/access.log\"";
    case Kind::serve: return "\"needed\", \"always\" or \"never\"";
    case Kind::token: return "a word of letters, digits and `-._~!#$%&'*+^|`";
    case Kind::ports:
      return "a list of ports" + range(key, [](uint64_t value) { return std::to_string(value); }) +
             ", such as [25, 3306]";
    case Kind::endpoints:
      return "a string of address and port such as \"127.0.0.1:9876\" or \"[::1]:9876\", or a list "
             "of them";
    case Kind::networks:
      return "a list of networks and addresses such as [\"192.168.0.0/16\", \"fd00::/8\", "
             "\"192.0.2.7\"]";
    case Kind::host_patterns: return "a list of names such as [\"printer.lan\", \"*.dev.example\"]";
    case Kind::destinations:
      return "a list of names and networks such as [\"wiki.lan\", \"*.office.example\", "
             "\"10.1.0.0/16\"]";
  }
  return {};
}

}  // namespace weir::config
