// Every key of the configuration, described once: the reader, the reference and the commented
// defaults are made from this.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace weir::config {

enum class Kind : uint8_t {
  flag,           // true, false
  allow_or_deny,  // "allow", "deny"
  number,
  duration,  // "10s"; kept in milliseconds
  size,      // "64KiB" or a number; kept in bytes
  host_name,
  token,  // RFC 9110, 5.6.2
  path,   // of a file, absolute; "" where nothing is chosen
  log_format,
  log_target,  // "stdout", "syslog" or a path
  serve,       // "needed", "always", "never"
  ports,
  endpoints,  // one "ADDRESS:PORT" or a list of them
  networks,
  host_patterns,
  destinations,  // host patterns and networks
};

/// Where a value goes. A key of [[listener]] uses the listener, any other the rest.
struct Place {
  Config* config;
  ListenerConfig* listener;
};
using Slot = std::variant<bool*, uint32_t*, uint64_t*, std::string*, std::vector<uint16_t>*,
                          std::vector<base::Endpoint>*, std::vector<base::Cidr>*,
                          std::vector<match::HostPattern>*, policy::Config*, tunnel::Serve*>;

struct Key {
  /// The table that it is in: a Group's name, empty at the top.
  std::string_view table;
  std::string_view name;
  Kind kind;
  Slot (*slot)(Place);
  /// Of a number, duration (ms) or size (bytes); of each port.
  uint64_t least, most;
  /// For a person: what it does, in whole sentences.
  std::string_view doc;
  /// A second place that takes the same value.
  Slot (*also)(Place) = nullptr;
  /// There is no default: it must be there.
  bool required = false;
  /// 0 is allowed too: it turns the thing off.
  bool or_zero = false;
  /// A reload does not change it.
  bool needs_restart = false;
};

/// A table. kListener is an array of them, [[listener]].
struct Group {
  std::string_view name;
  std::string_view doc;
};
inline constexpr std::string_view kListener = "listener";

/// In the order in which they are shown: those at the top first, then group by group.
std::span<const Key> keys();
std::span<const Group> groups();
const Key* find_key(std::string_view table, std::string_view name);
const Group* find_group(std::string_view name);

/// As it is written in text: `limits.head`, `clients in [[listener]]`.
std::string full_name(const Key& key);
/// The known key or table that is written most like the unknown `name` in `table`.
std::string nearest_to(std::string_view table, std::string_view name);

/// The keys of the whole that `now` has otherwise than `before` and that need a restart, as they
/// are written in text.
std::vector<std::string> changed_until_restart(const Config& before, const Config& now);

/// What a value of this key looks like: `a duration such as "10s", from 1s to 1h`.
std::string expectation(const Key& key);

}  // namespace weir::config
