#include "config/keys.h"

#include "match/host_pattern.h"
#include "policy/own_values.h"

namespace weir::config {

namespace {

using Kind = base::ValueKind;

base::Taken take_own_name(Config& config, std::string_view text) {
  const auto name = match::HostPattern::parse(text);
  if (!name) return std::unexpected(std::string(name.error().detail()));
  if (name->is_suffix()) return std::unexpected("it is one name, not all below it");
  config.own_name = name->name();
  return {};
}

constexpr base::OwnValue<Config> kOwnName{
    .expectation = "a host name such as \"weir.internal\"",
    .take = take_own_name,
    .texts = [](const Config& config) { return std::vector{config.own_name}; },
};

constexpr base::Setting<Config> kKeys[] = {
    {.name = "include",
     .kind = Kind::files,
     .member = &Config::include,
     .doc = "Other files that belong to this configuration: paths, relative to this file's folder. "
            "They are read in this order, before the rest of this file, so their `[[listener]]` "
            "tables come first. Other tables may be in several files, but each of their keys in "
            "one only. Each file may be included once; an included file may include others, at "
            "most 8 deep and 64 in all, and all files together have at most 4 MiB. A reload reads "
            "them again."},
    {.name = "blocked_ports",
     .kind = Kind::ports,
     .member = &Config::blocked_ports,
     .most = 65535,
     .doc = "Ports that are no destination, for plain requests and CONNECT alike, on every "
            "listener. The default has the ports that browsers refuse (the Fetch standard's bad "
            "ports) and those of databases, remote desktops and container engines. A list replaces "
            "the default; [] blocks none."},
    {.name = "own_name",
     .kind = Kind::own,
     .member = kOwnName,
     .doc = "The name under which Weir's own pages answer."},
    {.name = "via",
     .kind = Kind::token,
     .member = &Config::via_pseudonym,
     .needs_restart = true,
     .doc = "What Weir calls itself in the Via field. A request that already carries it has gone "
            "in a circle and is refused, so proxies in a chain need different ones: to \"weir\" "
            "eight letters and digits are added that are new at each start, any other word is "
            "taken as it is."},
    {.name = "control",
     .kind = Kind::path,
     .member = &Config::control,
     .needs_restart = true,
     .doc =
         "The socket by which `weir status` and `weir reload` speak to a running Weir. With \"\" "
         "it is weir-PORT.control in $RUNTIME_DIRECTORY, /run (as root), $XDG_RUNTIME_DIR or "
         "/tmp/weir-UID, PORT being the first listener's, also after a reload. Its mode is 0600."},
    {.name = "state_dir",
     .kind = Kind::path,
     .member = &Config::state_dir,
     .needs_restart = true,
     .doc = "The folder of what outlives a restart. With \"\" it is $STATE_DIRECTORY (the first of "
            "the list; systemd sets it), /var/lib/weir (as root), $XDG_STATE_HOME/weir or "
            "~/.local/state/weir, and is made when something is to be kept, such as `weir allow` "
            "or the images of lists. One that is named here is made at start, with mode 0700, and "
            "locked: two Weirs can't "
            "have the same."},
    {.name = "workers",
     .kind = Kind::number,
     .member = &Config::workers,
     .most = 1024,
     .needs_restart = true,
     .doc = "Threads that serve. 0 is one for each CPU that Weir may use."},
    {.name = "debug",
     .kind = Kind::flag,
     .member = &Config::debug,
     .doc = "Print for each request its request line, its URL and the host and port it connects "
            "to, as `--debug` does, which a file does not turn off."},
    {.table = "limits",
     .name = "connections",
     .kind = Kind::number,
     .member = &Config::max_connections,
     .least = 1,
     .most = 10'000'000,
     .doc = "Connections of clients at once. At the limit the ones idle longest are closed, then "
            "no more are accepted. Where the limit of open files is too low for it, that counts."},
    {.table = "limits",
     .name = "connections_per_client",
     .kind = Kind::number,
     .member = &Config::connections_per_client,
     .most = 10'000'000,
     .doc = "Connections of one client's address at once (of one /64 network for IPv6); more are "
            "answered with 503 and closed. 0 is no limit; clients on this machine have none."},
    {.table = "limits",
     .name = "memory",
     .kind = Kind::size,
     .member = &Config::memory_bytes,
     .least = 2 * base::kMiB,
     .most = 1024 * base::kGiB,
     .or_zero = true,
     .doc = "Memory for clients and origins: what Weir reads into, keeps for each connection and "
            "request, and looks up, as it counts it. Near it, from 7/8 on, idle connections are "
            "closed; at it new requests are answered with 503, and what runs goes on. 0 is no "
            "limit. Never more than three quarters of what the machine, the control group or "
            "`ulimit -v` leaves. See operating.md."},
    {.table = "limits",
     .name = "lowest_rate",
     .kind = Kind::size,
     .member = &Config::lowest_rate,
     .least = 1,
     .most = base::kGiB,
     .or_zero = true,
     .doc = "Bytes a second. While memory or connections come near their limit (7/8), content that "
            "its client takes or sends only drop by drop, more slowly than this, is cut, the "
            "slowest first, until there is room: 408 where an answer can still be sent. Nothing is "
            "cut for silence, such as that of a paused video, nor for an origin that is slow. 0 is "
            "never; 500 is a rate that no line is too slow for."},
    {.table = "limits",
     .name = "log_backlog",
     .kind = Kind::size,
     .member = &Config::log_backlog_bytes,
     .least = 64 * base::kKiB,
     .most = base::kGiB,
     .needs_restart = true,
     .doc = "Lines of the access log that wait to be written. Beyond it lines are dropped and "
            "counted; traffic never waits for the log."},
    {.table = "timeouts",
     .name = "drain",
     .kind = Kind::duration,
     .member = &Config::drain_timeout_ms,
     .most = base::kDay,
     .doc = "After SIGTERM no client is let in any more, and what runs may go on for so long; then "
            "it is cut (`drained` in the log). A second SIGTERM ends at once."},
};

constexpr base::OwnValue<ListenerConfig> kListenerName =
    policy::text_value<ListenerConfig, &ListenerConfig::name>("a name such as \"guests\"");
constexpr base::OwnValue<ListenerConfig> kListenerGroups =
    policy::words<ListenerConfig, &ListenerConfig::groups, policy::any_word>(
        "a list of groups such as [\"guests\"]");

constexpr base::Setting<ListenerConfig> kListenerKeys[] = {
    {.table = "listener",
     .name = "address",
     .kind = Kind::endpoints,
     .member = &ListenerConfig::addresses,
     .most = 65535,
     .required = true,
     .doc = "The address and port to listen on, or a list of them. 0.0.0.0 and [::] are all "
            "addresses of the machine; port 0 takes a free one. In a list, addresses of a family "
            "that the machine does not have are left out."},
    {.table = "listener",
     .name = "clients",
     .kind = Kind::networks,
     .member = &ListenerConfig::clients,
     .doc = "The networks that clients may come from. Needed where other machines can reach the "
            "address."},
    {.table = "listener",
     .name = "name",
     .kind = Kind::own,
     .member = kListenerName,
     .doc = "What rules call the listener."},
    {.table = "listener",
     .name = "groups",
     .kind = Kind::own,
     .member = kListenerGroups,
     .doc = "The groups of all who come by it, for rules."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}
std::span<const base::Setting<ListenerConfig>> listener_keys() {
  return kListenerKeys;
}

}  // namespace weir::config
