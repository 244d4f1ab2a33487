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
  path,   // absolute path of a file; "": none is chosen
  log_format,
  log_target,  // "stdout", "syslog" or a path
  serve,       // "needed", "always", "never"
  ports,
  endpoints,  // one "ADDRESS:PORT" or a list of them
  networks,
  host_patterns,
  destinations,  // host patterns and networks
};

/// The objects that a value is stored in: `listener` for a key of [[listener]], else `config`.
struct Place {
  Config* config;
  ListenerConfig* listener;
};
using Slot = std::variant<bool*, uint32_t*, uint64_t*, std::string*, std::vector<uint16_t>*,
                          std::vector<base::Endpoint>*, std::vector<base::Cidr>*,
                          std::vector<match::HostPattern>*, policy::Config*, tunnel::Serve*>;

struct Key {
  /// The table of the key: a Group's name, or empty for the top of the file.
  std::string_view table;
  std::string_view name;
  Kind kind;
  Slot (*slot)(Place);
  /// The range of a number, duration (ms) or size (bytes), or of each port in a list.
  uint64_t least, most;
  /// What the key does, in whole sentences for the user.
  std::string_view doc;
  /// A second place that takes the same value.
  Slot (*also)(Place) = nullptr;
  /// The key has no default: the file must have it.
  bool required = false;
  /// 0 is allowed too; it turns the feature off.
  bool or_zero = false;
  /// A reload does not change the value.
  bool needs_restart = false;
};

/// A table of the file. kListener is an array of tables, [[listener]].
struct Group {
  std::string_view name;
  std::string_view doc;
};
inline constexpr std::string_view kListener = "listener";

/// In the order in which they are shown: top-level keys first, then group by group.
std::span<const Key> keys();
std::span<const Group> groups();
const Key* find_key(std::string_view table, std::string_view name);
const Group* find_group(std::string_view name);

/// The key's name as texts show it: `limits.head`, `clients in [[listener]]`.
std::string full_name(const Key& key);
/// The known key or table whose spelling is nearest to the unknown `name` in `table`.
std::string nearest_to(std::string_view table, std::string_view name);

/// The keys that need a restart and differ between `before` and `now`, as full_name() writes them.
/// Keys of [[listener]] never need one.
std::vector<std::string> changed_until_restart(const Config& before, const Config& now);

/// What a value of this key looks like: `a duration such as "10s", from 1s to 1h`.
std::string expectation(const Key& key);

}  // namespace weir::config
