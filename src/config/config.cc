#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "match/address_class.h"

namespace weir::config {

std::string default_control_path(uint16_t port) {
  std::string directory;
  const auto named = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value && value[0] == '/' ? std::string(value) : std::string();
  };
  directory = named("RUNTIME_DIRECTORY");
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
