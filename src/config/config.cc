#include "config/config.h"

#include <algorithm>

#include "match/address_class.h"

namespace weir::config {

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
