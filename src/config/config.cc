#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "match/address_class.h"

namespace weir::config {

namespace {

/// The first path in an environment variable, if that is absolute; else empty.
std::string named(const char* variable) {
  const char* value = std::getenv(variable);
  if (!value || value[0] != '/') return {};
  const std::string list = value;
  return list.substr(0, list.find(':'));
}

}  // namespace

std::string default_state_dir() {
  if (std::string directory = named("STATE_DIRECTORY"); !directory.empty()) return directory;
  if (geteuid() == 0) return "/var/lib/weir";
  if (const std::string state = named("XDG_STATE_HOME"); !state.empty()) return state + "/weir";
  const std::string home = named("HOME");
  return home.empty() ? std::string() : home + "/.local/state/weir";
}

std::string default_control_path(uint16_t port) {
  std::string directory = named("RUNTIME_DIRECTORY");
  if (directory.empty() && geteuid() == 0) directory = "/run";
  if (directory.empty()) directory = named("XDG_RUNTIME_DIR");
  if (directory.empty()) directory = "/tmp/weir-" + std::to_string(geteuid());
  return directory + "/weir-" + std::to_string(port) + ".control";
}

ListenerConfig loopback_listener(uint16_t port) {
  ListenerConfig listener;
  listener.addresses = {*base::Endpoint::parse("127.0.0.1:0"), *base::Endpoint::parse("[::1]:0")};
  for (base::Endpoint& endpoint : listener.addresses) endpoint.port = port;
  return listener;
}

bool is_reachable(const ListenerConfig& listener) {
  return !std::ranges::all_of(listener.addresses, [](const base::Endpoint& endpoint) {
    return match::binds_this_machine_only(endpoint.address);
  });
}

}  // namespace weir::config
